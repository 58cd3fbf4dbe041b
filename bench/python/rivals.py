"""Rivals that are written in Python, timed in their own process.

Reads one request a line as JSON, answers {"result": ...} or {"error": ...}. Times are microseconds.
"""
import importlib
import json
import sys
import warnings
from time import perf_counter

# astropy warns of SPOC's units, at every file.
warnings.simplefilter('ignore')


def timed(act, items):
    times = []
    for item in items:
        start = perf_counter()
        act(item)
        times.append((perf_counter() - start) * 1e6)
    return times


class DiskCache:
    """Values as bytes: what diskcache stores fastest (a file each, from 32 KB on)."""

    def __init__(self, request):
        import diskcache

        lru = request['store'] == 'diskcache-lru'
        options = {'eviction_policy': 'least-recently-used'} if lru else {}
        # Its default limit is 1 GB; without one nothing is evicted.
        options['size_limit'] = 2**50
        self.cache = diskcache.Cache(request['dir'], **options)
        with open(request['payload'], 'rb') as file:
            self.payload = file.read()

    def put(self, key):
        self.cache.set(key, self.payload)

    def get(self, key):
        if self.cache.get(key) is None:
            raise KeyError(key)

    def fill(self, keys):
        with self.cache.transact():
            for key in keys:
                self.put(key)

    def evicting_put(self, keys):
        """One entry out for each one in, by a limit at what there is now."""
        self.cache.reset('size_limit', self.cache.volume() - 1)
        self.cache.reset('cull_limit', 1)
        try:
            return timed(self.put, keys)
        finally:
            self.cache.reset('size_limit', 2**50)

    def list(self):
        return list(self.cache)


class JoblibMemory:
    """Values as numpy arrays, which is what joblib.Memory is made for; `call` computes and stores anew."""

    def __init__(self, request):
        import joblib
        import numpy

        values = numpy.fromfile(request['payload'], dtype='u1')

        def light_curve(key):
            return values

        memory = joblib.Memory(request['dir'], verbose=0)
        self.cached = memory.cache(light_curve)

    def put(self, key):
        self.cached.call(key)

    def get(self, key):
        self.cached(key)


STORES = {'diskcache': DiskCache, 'diskcache-lru': DiskCache, 'joblib': JoblibMemory}
store = None


FITS_COLUMNS = ('TIME', 'PDCSAP_FLUX', 'PDCSAP_FLUX_ERR', 'QUALITY')


def fits_columns(path):
    """The four columns of a light curve by fits.open, and nothing else."""
    import numpy
    from astropy.io import fits

    with fits.open(path) as hdus:
        data = hdus[1].data
        for column in FITS_COLUMNS:
            numpy.array(data[column])


def fits_all(path):
    """What readLightCurve does before it normalises: checksums, four columns, every header value."""
    import numpy
    from astropy.io import fits

    with fits.open(path, checksum=True) as hdus:
        data = hdus[1].data
        for column in FITS_COLUMNS:
            numpy.array(data[column])
        for hdu in hdus[:2]:
            dict(hdu.header)


def fits_table(path):
    """The four columns by Table.read, as astropy's documentation recommends for tables."""
    import numpy
    from astropy.table import Table

    table = Table.read(path, format='fits', hdu=1)
    for column in FITS_COLUMNS:
        numpy.array(table[column])


FITS = {'columns': fits_columns, 'all': fits_all, 'table': fits_table}


def perform(request):
    global store
    op = request['op']
    if op == 'import':
        module = importlib.import_module(request['module'])
        return f"{request['module']} {module.__version__}"
    if op == 'open':
        store = STORES[request['store']](request)
        return None
    if op == 'fits':
        return timed(FITS[request['how']], request['paths'])
    if op == 'fill':
        return store.fill(request['keys'])
    if op == 'evicting_put':
        return store.evicting_put(request['keys'])
    if op == 'list':
        return timed(lambda _: store.list(), [None])
    return timed(store.put if op == 'put' else store.get, request['keys'])


for line in sys.stdin:
    try:
        answer = {'result': perform(json.loads(line))}
    except Exception as error:  # Whatever went wrong is for the other side to report.
        answer = {'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(answer), flush=True)
