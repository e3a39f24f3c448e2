"""A private RabbitMQ node, the embedded datastore and the message catchers, for one machine."""

from samlan_embedded.addresses import Broker, Datastore
from samlan_embedded.catchers import Catching, catching
from samlan_embedded.datastore import DatastoreServer, grant
from samlan_embedded.passwords import Passwords
from samlan_embedded.ports import free_ports, kept_ports
from samlan_embedded.processes import Child, DidNotStart, last_lines, write_private
from samlan_embedded.rabbit import RabbitNode
from samlan_embedded.servers import Servers, embedded

__all__ = [
    "Broker",
    "Catching",
    "Child",
    "Datastore",
    "DatastoreServer",
    "DidNotStart",
    "Passwords",
    "RabbitNode",
    "Servers",
    "catching",
    "embedded",
    "free_ports",
    "grant",
    "kept_ports",
    "last_lines",
    "write_private",
]
