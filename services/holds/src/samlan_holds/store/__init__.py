"""This service's documents: queues, particulars of holds, decisions, and copies of others' facts."""
