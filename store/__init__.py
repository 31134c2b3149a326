"""The store: events and their projections, the cache, leases, and artifacts by URI. The only package that imports sqlmodel.

Only the scheduler and the client import this package.
"""
