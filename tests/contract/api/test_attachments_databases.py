"""The life of an attachment on both databases: uploaded, posted, read by who may, gone with its message."""

from __future__ import annotations

from tests.contract.api.house import furnish, open_house
from tests.services.databases import database, migrated_file, postgres

__all__ = ["database", "migrated_file", "postgres"]


async def test_the_life_of_an_attachment(database: str) -> None:
    async with open_house(database) as house:
        await furnish(house)
        made = await house.upload("grün".encode(), "日本 語.txt", "lin")
        path = f"/attachments/{made['id']}"
        assert (await house.json("GET", path, "ada"))[0] == 404
        message = await house.post("", "lin", "vault", attachments=[{"id": made["id"], "alt": "a word"}])
        assert [file["name"] for file in message["attachments"]] == ["日本 語.txt"]
        for caller, status in (("lin", 200), ("ada", 200), ("bob", 404), ("eve", 404), (None, 401)):
            async with house.call("GET", path, caller) as answer:
                assert answer.status == status, caller
                if status == 200:
                    assert (await answer.read()).decode() == "grün"
        _, page = await house.json("GET", "/rooms/vault/messages", "lin")
        assert page["messages"][0]["attachments"] == message["attachments"]
    async with open_house(database) as again:
        again.tokens.update(house.tokens)
        _, kept = await again.json("GET", f"/messages/{message['id']}", "lin")
        assert kept["attachments"] == message["attachments"]
        assert (await again.json("DELETE", f"/messages/{message['id']}", "lin"))[0] == 200
        assert (await again.json("GET", path, "ada"))[0] == 404
