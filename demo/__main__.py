import sys

from demo.launch import main

sys.exit(main())
