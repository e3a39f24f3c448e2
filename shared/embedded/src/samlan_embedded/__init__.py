"""A private RabbitMQ node and the embedded datastore, for one machine.

The message catchers, which bring a web server along, are imported from `samlan_embedded.catchers`.
"""

from samlan_embedded.addresses import Broker, Datastore
from samlan_embedded.datastore import DatastoreServer, grant
from samlan_embedded.passwords import Passwords
from samlan_embedded.ports import claims, free_ports, kept_ports
from samlan_embedded.processes import Child, DidNotStart, last_lines, write_private
from samlan_embedded.rabbit import RabbitNode
from samlan_embedded.servers import Servers, embedded

__all__ = [
    "Broker",
    "Child",
    "Datastore",
    "DatastoreServer",
    "DidNotStart",
    "Passwords",
    "RabbitNode",
    "Servers",
    "claims",
    "embedded",
    "free_ports",
    "grant",
    "kept_ports",
    "last_lines",
    "write_private",
]
