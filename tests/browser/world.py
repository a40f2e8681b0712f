"""All screens of the program, and people who have got so far that each screen has something to show."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tests.browser.conftest import WHOLE_JOB_MS, Program, connect, read_library, until_drawn
from tests.browser.conftest import is_error as is_complaint
from tests.conftest import PATIENCE_MS

# name: who looks, and where; what is in braces is found out while the world is prepared.
SCREENS = {
    "landing": ("nobody", "/"),
    "landing-expected": ("nobody", "/?next=/library"),
    "demo": ("nobody", "/demo"),
    "link": ("nobody", "/link"),
    "privacy": ("nobody", "/privacy"),
    "terms": ("nobody", "/terms"),
    "not-found": ("nobody", "/nothing/here"),
    "library-unread": ("ben", "/library"),
    "map-unread": ("ben", "/map"),
    "genres-unread": ("ben", "/genres"),
    "review-unread": ("ben", "/review"),
    "jobs-none": ("ben", "/jobs"),
    "history-none": ("ben", "/history"),
    "library": ("ada", "/library"),
    "library-found": ("ada", "/library?part=review&sort=unsure"),
    "library-nothing-found": ("ada", "/library?q=zzzz"),
    "duplicates": ("ada", "/library/duplicates"),
    "unplayable": ("ada", "/library/unplayable"),
    "local": ("ada", "/library/local"),
    "map": ("ada", "/map"),
    "song": ("ada", "{song}"),
    "genres": ("ada", "/genres"),
    "plan-offers": ("ada", "{plan}"),
    "plan-playlist": ("ada", "{playlist}"),
    "review": ("ada", "/review"),
    "review-grid": ("ada", "/review?view=grid"),
    "identify": ("ada", "/identify"),
    "identified": ("ada", "{identified}"),
    "jobs": ("ada", "/jobs"),
    "job-written": ("ada", "{job}"),
    "job-failed": ("ada", "{failed}"),
    "history": ("ada", "/history"),
    "run": ("ada", "{run}"),
    "plan-written": ("ada", "{written}"),
    "version": ("ada", "{version}"),
    "playlist-history": ("ada", "{versions}"),
    "settings": ("ada", "/settings"),
    "linked": ("ada", "/link"),
    "disconnect": ("ada", "/disconnect"),
    "wrong-method": ("ada", "/plan/make"),
    "library-one-song": ("cleo", "/library"),
    "map-one-song": ("cleo", "/map"),
    "genres-one-song": ("cleo", "/genres"),
    "plan-nothing": ("cleo", "{nothing}"),
    "review-done": ("cleo", "/review"),
    "jobs-waiting": ("cleo", "/jobs"),
    "job-waiting": ("cleo", "{waiting}"),
    "setup": ("staff", "/setup"),
    "not-linked": ("staff", "/library"),
}

MAIN = ["landing", "library", "map", "genres", "plan-offers", "review", "review-grid", "jobs", "settings"]


@dataclass
class World:
    program: Program
    browser: Any
    states: dict[str, Any] = field(default_factory=dict)  # cookies by person
    places: dict[str, str] = field(default_factory=dict)
    pages: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)  # since the last screen was opened

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for page in self.pages.values():
            page.context.close()

    def enter(self, person: str = "") -> Any:
        """A browser of the person's own at the library; remembered when it is left by `leave`."""
        page = self.browser.new_context(viewport={"width": 1280, "height": 844}).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(self.program.url)
        if person:
            connect(page, person)
        return page

    def leave(self, page: Any, person: str) -> None:
        self.states[person] = page.context.storage_state()
        page.context.close()

    def note(self, name: str, page: Any) -> None:
        self.places[name] = urlsplit(page.url).path

    def address(self, screen: str) -> str:
        return self.program.url + SCREENS[screen][1].format(**self.places)

    def page_of(self, person: str, language: str) -> Any:
        """One for all screens of a person: a new one for each would take most of the time."""
        key = f"{person} {language}"
        if key not in self.pages:
            page = self.browser.new_context(storage_state=self.states.get(person), locale=language).new_page()
            page.set_default_timeout(PATIENCE_MS)
            self.watch(page)
            self.pages[key] = page
        return self.pages[key]

    def watch(self, page: Any) -> None:
        """Artwork alone may come from elsewhere. A page's own status is no error of the console."""
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: self.wrong.append(said.text) if is_error(said, page) else None)
        page.on(
            "request", lambda asked: None if is_allowed(asked, self.program) else self.wrong.append(asked.url)
        )


def is_error(said: Any, page: Any) -> bool:
    is_own_status = said.text.startswith("Failed to load resource") and said.location["url"] == page.url
    return is_complaint(said) and not is_own_status


def is_allowed(asked: Any, program: Program) -> bool:
    is_artwork = asked.resource_type == "image" and asked.url.startswith(program.simulator.url)
    return is_artwork or asked.url.startswith((program.url, "data:"))


def prepare_main(world: World) -> None:
    """Ada has read her library and made a plan."""
    ada = world.enter("Ada")
    read_library(ada)
    until_drawn(ada, world.program)  # else its screens load anew when it is
    ada.goto(f"{world.program.url}/genres")
    plan_everything(ada, most=4)
    world.note("plan", ada)
    world.leave(ada, "ada")


def prepare(world: World, song: Path) -> None:
    """Ada has done everything, Ben has only connected, Cleo has one song and waits for Spotify."""
    world.program.simulator.like(user="cleo", n=1)
    world.leave(world.enter("Ben"), "ben")
    ada = world.enter("Ada")
    fail(world, ada)
    ada.get_by_role("button", name="Start anew").click()
    cleo = world.enter("Cleo")
    one_song(world, cleo)
    ada.goto(f"{world.program.url}/library")
    ada.get_by_role("heading", name="Your library", exact=True).wait_for(timeout=WHOLE_JOB_MS)
    ada.get_by_role("button", name="Read again").wait_for(timeout=WHOLE_JOB_MS)  # all of it is read
    write_and_plan_again(world, ada)
    identify(world, ada, song)
    world.leave(ada, "ada")
    wait_for_spotify(world, cleo)
    world.leave(cleo, "cleo")
    staff(world)


def fail(world: World, page: Any) -> None:
    world.program.simulator.set_fault("premium_403", times=1)
    page.get_by_role("button", name="Read my liked songs").click()
    page.get_by_role("button", name="Resume").wait_for(timeout=WHOLE_JOB_MS)
    world.program.simulator.clear_faults()
    page.goto(f"{world.program.url}/jobs")
    page.locator("main").get_by_role("link", name="Reading").first.click()
    page.get_by_role("button", name="Resume").wait_for()
    world.note("failed", page)
    page.goto(f"{world.program.url}/library")


def one_song(world: World, page: Any) -> None:
    url = world.program.url
    read_library(page)
    page.goto(f"{url}/genres")
    plan_everything(page)
    apply(page)
    page.goto(f"{url}/plan")
    page.get_by_role("button", name="Make a new plan").click()
    page.get_by_role("heading", name="Nothing to change").wait_for(timeout=WHOLE_JOB_MS)
    world.note("nothing", page)
    page.goto(f"{url}/review")
    if page.locator(".tops button").count():
        page.locator(".tops button").first.click()
        page.get_by_text("1 word of yours").wait_for()


def wait_for_spotify(world: World, page: Any) -> None:
    """The quota is the whole app’s: from now on nobody’s work goes on."""
    url = world.program.url
    world.program.simulator.set_fault("quota_exceeded")
    page.goto(f"{url}/library")
    page.get_by_role("button", name="Read again").click()
    page.get_by_role("button", name="Try now").wait_for(timeout=WHOLE_JOB_MS)
    world.program.simulator.clear_faults()
    page.goto(f"{url}/jobs")
    page.locator("main").get_by_role("link", name="Reading").first.click()
    page.get_by_role("button", name="Try now").wait_for()
    world.note("waiting", page)


def plan_everything(page: Any, most: int = 100) -> None:
    """Of the first genres, down to the last song."""
    page.get_by_label("Minimum confidence").fill("0")
    page.get_by_label("Smallest new playlist").fill("1")
    for place, tick in enumerate(page.get_by_label("Make a playlist").all()):
        tick.set_checked(place < most)
    page.get_by_role("button", name="Show me the plan").click()
    page.get_by_role("heading", name="This would change").wait_for(timeout=WHOLE_JOB_MS)


def apply(page: Any) -> None:
    page.get_by_role("button", name="Apply to Spotify").click()
    page.get_by_role("link", name="See what changed").wait_for(timeout=WHOLE_JOB_MS)


def write_and_plan_again(world: World, page: Any) -> None:
    page.goto(f"{world.program.url}/genres")
    plan_everything(page, most=1)
    world.note("written", page)
    apply(page)
    world.note("job", page)
    page.get_by_role("link", name="See what changed").click()
    world.note("run", page)
    page.locator("main h2 a").first.click()
    world.note("version", page)
    page.get_by_role("link", name="All versions of").click()
    world.note("versions", page)
    page.goto(f"{world.program.url}/genres")
    plan_everything(page, most=4)
    world.note("plan", page)
    page.get_by_text("Choose song by song").first.click()
    world.note("playlist", page)
    page.goto(f"{world.program.url}/library?part=review")
    page.locator(".songs .track-title a").first.click()
    world.note("song", page)


def identify(world: World, page: Any, song: Path) -> None:
    page.goto(f"{world.program.url}/identify")
    page.set_input_files("input[type=file]", song)
    page.get_by_role("button", name="Listen to it").click()
    page.get_by_role("heading", name="Its sound as a picture").wait_for(timeout=WHOLE_JOB_MS)
    world.note("identified", page)


def staff(world: World) -> None:
    page = world.enter()
    page.goto(f"{world.program.url}/setup")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(world.program.admin_password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Set-up").wait_for()
    world.leave(page, "staff")
