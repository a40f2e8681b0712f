import gc
import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "organizer.settings")
application = get_wsgi_application()
# All pages are loaded now and stay: the garbage collector need not look through them while somebody waits.
import_module("organizer.urls")
gc.collect()
gc.freeze()
