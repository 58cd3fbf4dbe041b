"""Rivals that are written in Python, timed in their own process.

Reads one request a line as JSON, answers {"result": ...} or {"error": ...}. Times are microseconds.
"""
import importlib
import json
import sys
from time import perf_counter


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


def read_fits(path):
    """The four columns of a light curve, as an astronomer reads them."""
    import numpy
    from astropy.io import fits

    with fits.open(path) as hdus:
        data = hdus[1].data
        for column in ('TIME', 'PDCSAP_FLUX', 'PDCSAP_FLUX_ERR', 'QUALITY'):
            numpy.array(data[column])


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
        return timed(read_fits, request['paths'])
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
