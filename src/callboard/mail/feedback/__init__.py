"""The way back of a mail: what is reported of it after a server took it, and what follows."""
