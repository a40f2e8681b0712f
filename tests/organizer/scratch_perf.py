import math, random, time
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from classifier.labels import FAMILIES
from organizer import review, stored_verdicts
from organizer.models import *
from organizer.models import Artist, SavedTrack
from django.utils import timezone
from datetime import timedelta

def build(account, n=12000):
    r = random.Random(1)
    artists = Artist.objects.bulk_create([Artist(spotify_id=f"a{k}", name=f"Artist {k} {r.choice(['Blue','Red','The','Los'])}") for k in range(3000)])
    weights = [1/(k+40) for k in range(3000)]
    tracks=[]
    for k in range(n):
        who = r.choices(artists, weights, k=1 + (r.random()<0.15))
        tracks.append(Track(uri=f"spotify:track:t{k:05d}", name=f"Song number {k}", artist_names=list(dict.fromkeys(a.name for a in who)), primary_artist=who[0], album_name=f"Album {k//8}", duration_ms=200000))
    tracks = Track.objects.bulk_create(tracks, batch_size=1000)
    now = timezone.now()
    SavedTrack.objects.bulk_create([SavedTrack(account=account, track=t, added_at=now-timedelta(hours=i)) for i,t in enumerate(tracks)], batch_size=1000)
    version = ModelVersion.objects.create(name="test", path="test", labels=list(FAMILIES), is_champion=True)
    rows=[]
    for t in tracks:
        g=r.choice(FAMILIES); c=r.uniform(.2,.98); rest=(1-c)/14
        rows.append(Prediction(track=t, version=version, genre=g, confidence=c, is_sure=c>.6, log_probs={n_: math.log(c if n_==g else rest) for n_ in FAMILIES}, why={"features":{g:c}}))
    Prediction.objects.bulk_create(rows, batch_size=1000)
    account.synced_at = now; account.save()

def test_perf(account, monkeypatch):
    build(account)
    from organizer import classify
    from classifier.context import LibraryContext
    t=time.perf_counter(); stored_verdicts.refresh(account); print("\nrefresh", time.perf_counter()-t)
    with connection.cursor() as c: c.execute("ANALYZE")
    print("queue", review.queue(account).count())
    for _ in range(2):
        pass

    import cProfile, pstats, statistics
    songs=list(review.queue(account).select_related("track")[200:230])
    sizes=[]
    orig=stored_verdicts._neighbours
    def nb(*a):
        h,c=orig(*a); sizes.append((len(h),len(c))); return h,c
    monkeypatch.setattr(stored_verdicts,"_neighbours",nb)
    wall=[];cpu=[]
    for song in songs:
        t=time.perf_counter(); p=time.process_time(); review.correct(account, song.track, "reggae"); wall.append(time.perf_counter()-t); cpu.append(time.process_time()-p)
    print("wall p50 %.1f max %.1f; cpu p50 %.1f max %.1f"%(statistics.median(wall)*1e3,max(wall)*1e3,statistics.median(cpu)*1e3,max(cpu)*1e3)); print(sorted(sizes)[::5])
    pr=cProfile.Profile(); pr.enable()
    for song in songs[:10]: review.correct(account, song.track, "latin")
    pr.disable(); pstats.Stats(pr).sort_stats("cumtime").print_stats(35)
