"""The conventional way, as an anchor: ModelViewSet, ModelSerializer, PageNumberPagination and guardian's grants on every row.

It has every index that helps it and `select_related` throughout, so that what is left is the way itself. It reads a copy of
the same cases in a schema of its own, without row-level security, trail or encryption.
"""
