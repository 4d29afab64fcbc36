"""Calls of the contract, by Connect's protocol over HTTP/1.1."""
