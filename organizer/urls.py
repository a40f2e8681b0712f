from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from organizer.views import account, genres, identify, jobs, library, plan, public, review

urlpatterns = [
    path("", public.landing, name="landing"),
    path("privacy", public.privacy, name="privacy"),
    path("terms", public.terms, name="terms"),
    path("favicon.ico", public.favicon, name="favicon"),
    path("healthz", public.healthz, name="healthz"),
    path("spotify/connect", account.connect, name="connect"),
    path("spotify/callback", account.callback, name="callback"),
    path("link", account.link, name="link"),
    path("settings", RedirectView.as_view(pattern_name="link"), name="settings"),
    path("disconnect", account.disconnect, name="disconnect"),
    path("logout", account.sign_out, name="logout"),
    path("library", library.library, name="library"),
    path("genres", genres.genres, name="genres"),
    path("plan", plan.latest, name="plan-latest"),
    path("plan/make", plan.make, name="plan-make"),
    path("plan/<int:plan_id>", plan.plan, name="plan"),
    path("plan/<int:plan_id>/playlist/<int:playlist_id>", plan.plan_playlist, name="plan-playlist"),
    path("plan/<int:plan_id>/apply", plan.apply, name="plan-apply"),
    path("plan/<int:plan_id>/discard", plan.discard, name="plan-discard"),
    path("review", review.review, name="review"),
    path("review/<int:track_id>", review.correct, name="correct"),
    path("review/<int:track_id>/undo", review.take_back, name="take-back"),
    path("identify", identify.identify, name="identify"),
    path("identify/<int:identification_id>", identify.result, name="identified"),
    path("identify/<int:identification_id>/spectrogram.png", identify.spectrogram, name="spectrogram"),
    path("identify/<int:identification_id>/delete", identify.delete, name="identify-delete"),
    path("jobs", jobs.job_list, name="jobs"),
    path("jobs/start", jobs.start, name="start"),
    path("jobs/<int:job_id>", jobs.job_detail, name="job"),
    path("jobs/<int:job_id>/resume", jobs.resume, name="job-resume"),
    path("jobs/<int:job_id>/cancel", jobs.cancel, name="job-cancel"),
    path("jobs/<int:job_id>/try-now", jobs.try_now, name="job-try-now"),
    path("admin/", admin.site.urls),
]
