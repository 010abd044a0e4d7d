"""The demo's page in a real browser: what a newcomer sees, without a script error and without a breach of its policy."""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from tests.e2e.demo.conftest import Start

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
async def browser(missing_server: Callable[[str], NoReturn]) -> AsyncIterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        missing_server("chromium (the Debian package)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page that may not complain: breaches of the policy and script errors are on the console."""
    context = await browser.new_context(viewport=WIDE)  # type: ignore[arg-type]
    page = await context.new_page()
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []
    await context.close()


async def say(page: Page, box: str, text: str) -> None:
    await page.get_by_label(box, exact=True).fill(text)
    await page.get_by_label(box, exact=True).press("Enter")


async def test_what_is_typed_in_the_slack_pane_is_seen_in_the_room_and_in_the_other_panes(
    start_demo: Start, page: Page, tmp_path: Path
) -> None:
    demo = await start_demo()
    await page.goto(demo.link)
    await say(page, "Type on Slack", "hello from *Slack* <img src=x onerror=alert(1)>")
    await expect(page.locator("#messages .words strong")).to_have_text("Slack")
    for channel in ("discord", "email", "phone"):
        await expect(page.locator(f".pane.ch-{channel} .native")).to_contain_text("hello from Slack <img src=x")
    assert await page.locator(".words img, .native img").count() == 0
    await expect(page.locator("#messages .went.sent")).to_have_count(3)
    await page.screenshot(path=tmp_path / "room.png")


async def test_a_cut_channel_shows_what_waits_and_its_dead_letters_can_be_retried(
    start_demo: Start, page: Page
) -> None:
    demo = await start_demo()
    await page.goto(demo.link)
    await page.get_by_label("Slack: the line").select_option("cut")
    await page.get_by_label("Discord: the line").select_option("failing")
    await say(page, "Message to the room", "while it is cut")
    strip = page.locator("#strip")
    await expect(strip).to_contain_text("1 waiting")
    await expect(strip).to_contain_text("1 dead")
    message = page.locator("#messages .message")
    await expect(message.locator(".went.queued")).to_contain_text("Slack")
    await expect(message.locator(".detail.failed")).to_contain_text("Discord refuses the message")
    await page.get_by_label("Slack: the line").select_option("ok")
    await page.get_by_label("Discord: the line").select_option("ok")
    await message.get_by_role("button", name="Retry").click()
    for channel in ("slack", "discord"):
        await expect(page.locator(f".pane.ch-{channel} .native")).to_contain_text("while it is cut")
    await expect(message.locator(".went.sent")).to_have_count(4)
    await expect(page.locator("#curl")).to_contain_text("/retry")


async def test_a_broken_packet_is_mended_by_a_click(start_demo: Start, page: Page) -> None:
    demo = await start_demo()
    await page.goto(demo.link)
    broken = "[TASK_ID]: night-bus-014\n[CURRENT_STATE]: in progress\n[PAYLOAD_PATH]: /srv/x\n[NEXT_HOP]: vigil"
    await say(page, "Type on E-mail", broken)
    card = page.locator("#messages .card.broken")
    await expect(card).to_contain_text("PV021")
    await card.get_by_role("button", name="Mend").click()
    await expect(page.locator(".verdict")).to_contain_text("A right packet")
    await page.get_by_label("Message to the room", exact=True).press("Enter")
    await expect(page.locator("#messages .card.packet")).to_contain_text("@vigil")
    await expect(card).to_have_count(0)


async def test_the_composer_shows_what_each_channel_would_make_of_a_text(start_demo: Start, page: Page) -> None:
    demo = await start_demo()
    await page.goto(demo.link)
    await page.get_by_label("Message to the room", exact=True).fill("**bold** " + "and long " * 30)
    phone = page.locator(".preview.ch-phone")
    await expect(phone).to_contain_text("2 of 10 segments")
    await phone.locator("summary").click()
    await expect(phone.locator("pre")).to_contain_text("You: bold and long")


async def test_on_a_phone_one_place_is_shown_at_a_time_and_nothing_is_cut_off(start_demo: Start, page: Page) -> None:
    demo = await start_demo()
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    await page.goto(demo.link)
    await expect(page.locator(".room")).to_be_visible()
    await expect(page.locator(".pane.ch-slack")).to_be_hidden()
    await page.get_by_role("button", name="Slack", exact=True).click()
    await say(page, "Type on Slack", "from a phone " + "x" * 300)
    await page.get_by_role("button", name="Room", exact=True).click()
    await expect(page.locator("#messages .message")).to_contain_text("from a phone")
    wide = page.locator("body > *:visible, .message, .native")
    for box in [await element.bounding_box() for element in await wide.all()]:
        assert box is None or box["x"] + box["width"] <= NARROW["width"] + 1


async def test_on_a_small_laptop_every_button_of_a_pane_can_be_pressed(start_demo: Start, page: Page) -> None:
    demo = await start_demo()
    await page.set_viewport_size({"width": 1280, "height": 720})
    await page.goto(demo.link)
    for channel, title in (("slack", "Slack"), ("phone", "Phone")):
        pane = await page.locator(f".pane.ch-{channel}").bounding_box()
        button = await page.get_by_label(f"Send on {title}").bounding_box()
        assert pane
        assert button
        assert button["x"] + button["width"] <= pane["x"] + pane["width"]


async def test_who_is_not_signed_in_is_told_where_the_link_is(start_demo: Start, browser: Browser) -> None:
    demo = await start_demo()
    page = await browser.new_page()
    await page.goto(demo.url)
    await expect(page.get_by_role("heading")).to_have_text("You are not signed in")
    await page.close()
