"""`make security`: what well-known scanners find, held against what docs/security/findings.md says of it."""
