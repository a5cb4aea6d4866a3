"""Keep what was asked and answered, for a share of the requests, without ever slowing one."""
