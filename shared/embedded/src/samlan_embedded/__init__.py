"""A private RabbitMQ node, the embedded datastore and the message catchers, for one machine."""
