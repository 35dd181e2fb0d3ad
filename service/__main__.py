"""`python -m service` is the `wijkgraaf` command."""

from service.cli import main

main()
