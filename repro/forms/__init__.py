"""Kvammen's record: seven classes of aurora by networks, nearest neighbours and support vectors."""
