"""Who is linked, how their link is, and ending it. Tokens are never shown, nor loaded for a list."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse

from organizer import accounts, jobs, tasks
from organizer.admin.audit import note
from organizer.admin.readonly import ReadOnlyAdmin, below_a_row, require
from organizer.models import Correction, Job, SavedTrack, SpotifyAccount
from organizer.templatetags.moments import brief


class TeachesForm(forms.ModelForm):
    """Whoever runs the instance may leave a user's corrections out; allowing them is the user's own."""

    class Meta:
        model = SpotifyAccount
        fields = ("teaches",)
        labels = {"teaches": "corrections may train models"}
        help_texts = {"teaches": "An owner can take this away. Only the user can give it, in their settings."}

    def clean_teaches(self) -> bool:
        wanted = bool(self.cleaned_data["teaches"])
        if wanted and not self.initial["teaches"]:
            raise forms.ValidationError("Only the user can allow this, in their settings.")
        return wanted


@admin.register(SpotifyAccount)
class SpotifyAccountAdmin(ReadOnlyAdmin):
    form = TeachesForm
    list_display = (
        "__str__",
        "link",
        "days_left",
        "read",
        "songs",
        "words",
        "teaches",
    )
    list_filter = ("needs_link", "teaches")
    search_fields = ("display_name", "account_id", "user__username")
    search_help_text = "Search names of accounts and users"
    list_select_related = ("user",)
    fields = (
        "user",
        "account_id",
        "display_name",
        "link",
        "days_left",
        "authorized_at",
        "granted_scopes",
        "synced_at",
        "songs",
        "words",
        "teaches",
    )  # never the tokens
    readonly_fields = (*fields[:-1], "person")
    actions = ("read_now",)
    change_form_template = "admin/organizer/spotifyaccount/change_form.html"

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return request.user.has_perm("organizer.change_spotifyaccount")

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False  # disconnecting also forgets their songs

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("organizer.operate_job")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SpotifyAccount]:
        rows = super().get_queryset(request).defer("access_token")
        return rows.annotate(
            song_count=_count_of(SavedTrack, is_unliked=False), word_count=_count_of(Correction)
        )

    def get_fields(self, request: HttpRequest, obj: object = None) -> tuple[str, ...]:
        """Django makes the user a link, also for those whom the link's page refuses."""
        may_open = self.admin_site.get_model_admin(get_user_model()).has_view_permission(request)
        return self.fields if may_open else ("person", *self.fields[1:])

    @admin.display(description="user")
    def person(self, account: SpotifyAccount) -> str:
        return str(account.user)

    @admin.display(description="link")
    def link(self, account: SpotifyAccount) -> str:
        if account.is_sealed:
            return "cannot be opened: its key is missing"
        return "needs a new link" if account.needs_link else "linked"

    @admin.display(description="days left", ordering="authorized_at")
    def days_left(self, account: SpotifyAccount) -> int:
        return account.link_days_left

    @admin.display(description="last reading", ordering="synced_at")
    def read(self, account: SpotifyAccount) -> str:
        return brief(account.synced_at) if account.synced_at else "never"

    @admin.display(description="songs", ordering="song_count")
    def songs(self, account: Any) -> int:
        return int(account.song_count)

    @admin.display(description="corrections", ordering="word_count")
    def words(self, account: Any) -> int:
        return int(account.word_count)

    def save_model(self, request: HttpRequest, obj: SpotifyAccount, form: Any, change: bool) -> None:
        obj.save(update_fields=["teaches"])  # the rest may have changed since it was read

    def log_change(self, request: HttpRequest, obj: SpotifyAccount, message: Any) -> LogEntry:
        if not message:  # there is only one thing to change
            return note(request, obj, "Saved without a change.")
        said = "may train models" if obj.teaches else "are left out of training"
        return note(request, obj, f"Their corrections {said}.")

    @admin.action(description="Read the library now", permissions=["operate"])
    def read_now(self, request: HttpRequest, queryset: QuerySet[SpotifyAccount]) -> None:
        for account in queryset:
            self._read(request, account)

    def _read(self, request: HttpRequest, account: SpotifyAccount) -> None:
        if account.needs_link or account.is_sealed:
            sentence = f"The library of {account} cannot be read: they have to reconnect first."
            self.message_user(request, sentence, messages.ERROR)
            return
        job, is_new = jobs.start(account, Job.Kind.ORGANIZE)
        if is_new:
            tasks.enqueue(job)
            note(request, account, f"Started reading the library (job {job.pk}).")
        doing = "is read now" if is_new else "is being read already"
        self.message_user(request, f"The library of {account} {doing}.", messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        own = below_a_row(self, read=self.read_view, disconnect=self.disconnect_view)
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        extra = {
            "can_read": self.has_operate_permission(request),
            "can_disconnect": request.user.has_perm("organizer.disconnect_spotifyaccount"),
        }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def read_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        require(request, "operate_job")
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._read(request, get_object_or_404(SpotifyAccount, pk=pk))
        return HttpResponseRedirect(reverse("admin:organizer_spotifyaccount_change", args=[pk]))

    def disconnect_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Says what goes, and on POST deletes it."""
        if not request.user.has_perm("organizer.disconnect_spotifyaccount"):
            raise PermissionDenied
        account = get_object_or_404(SpotifyAccount.objects.select_related("user"), pk=pk)
        if request.method == "POST":
            return self._disconnect(request, account)
        context = self.admin_site.each_context(request) | {
            "title": f"Disconnect {account}?",
            "account": account,
            "counts": accounts.holdings(account),
            "user_goes": accounts.goes_with_the_link(account.user),
            "opts": self.model._meta,
        }
        return TemplateResponse(request, "admin/organizer/spotifyaccount/disconnect.html", context)

    def _disconnect(self, request: HttpRequest, account: SpotifyAccount) -> HttpResponse:
        name, gone = (
            str(account),
            ", ".join(f"{what.lower()}: {count}" for what, count in accounts.holdings(account)),
        )
        note(request, account, f"Disconnected. Deleted: {gone}.", is_deletion=True)
        accounts.unlink(account)
        self.message_user(
            request, f"{name} is disconnected; what came from their Spotify is deleted.", messages.SUCCESS
        )
        return HttpResponseRedirect(reverse("admin:organizer_spotifyaccount_changelist"))


def _count_of(model: Any, **only: Any) -> Coalesce:
    """How many rows of `model` an account has; one subquery each, so that they do not multiply."""
    rows = model.objects.filter(account=OuterRef("pk"), **only).order_by().values("account")
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count"), IntegerField()), 0)
