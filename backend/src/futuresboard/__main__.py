"""`python -m futuresboard`."""

import sys

from futuresboard.cli import main

sys.exit(main())
