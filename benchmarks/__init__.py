"""A million cases, the product's hot paths on them, and beside each the floor: the same work without a framework.

make benchmark                     10,000 cases, a few minutes
make benchmark CASES=1000000       the full run that docs/performance.md tells of
make benchmark-clean               removes the cluster and everything in it
"""
