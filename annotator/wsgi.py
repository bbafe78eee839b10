import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
application = get_wsgi_application()
# What is imported stays: the collector need not look at it again after every 700 objects that a request makes.
gc.freeze()
gc.set_threshold(20_000, 20, 20)
