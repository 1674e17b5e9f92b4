"""The same work done over many items: here, in several processes, or on the machines of a cluster."""
