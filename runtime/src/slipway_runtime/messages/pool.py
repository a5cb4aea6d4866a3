"""Where this program's messages are registered.

Clients of the protocol register the same names in protobuf's one default pool, and protobuf ends a
process in which two do so. With a pool of our own, a program may use such a client and this one.
"""

from typing import Final

from google.protobuf.descriptor_pool import DescriptorPool

POOL: Final = DescriptorPool()
