"""Machinery that services share: documents, outbox, relay, retry, topology, web, logs, clock, ids."""
