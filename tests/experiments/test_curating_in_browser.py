"""A curator's work in a real browser, under the content security policy: tick, tag, undo, freeze."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.urls import reverse
from playwright.sync_api import Page, expect

from experiments.actions import freeze_dataset
from experiments.models import Item, Role
from tests.browsing import sign_in
from tests.factories import DatasetFactory, ItemFactory, MembershipFactory

pytestmark = pytest.mark.browser


def test_curator_tags_a_list_undoes_it_and_freezes(live_site: str, page: Page, transactional_db: None) -> None:
    dataset = DatasetFactory()
    ItemFactory.create_batch(60, dataset=dataset, tags="|old|")
    freeze_dataset(dataset=dataset, by=None)
    import_module("experiments.migrations.0013_curators").make_group(apps, None)
    curator = MembershipFactory(project=dataset.project, role=Role.EDITOR).user
    User.objects.filter(pk=curator.pk).update(is_staff=True)
    curator.groups.add(Group.objects.get(name="Curators"))
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    sign_in(page, live_site, curator)

    page.goto(f"{live_site}{reverse('admin:experiments_item_changelist')}?dataset={dataset.pk}&tag=old")
    page.locator("#action-toggle").check()
    page.get_by_role("button", name="Select all 60 items").click()
    page.get_by_label("Action:").select_option(label="Tag")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_label("Tag").fill("seen")
    page.get_by_role("button", name="Change 60 items").click()
    expect(page.locator(".messagelist")).to_contain_text("60 items edited.")
    assert Item.objects.in_draft().tagged(["seen"]).count() == 60

    page.go_back()
    expect(page.get_by_role("button", name="Change 60 items")).to_be_visible()
    page.go_forward()
    page.get_by_label("Note").fill("all seen")
    page.get_by_role("button", name="Freeze as version").click()
    expect(page.locator("#messages")).to_contain_text("is frozen")
    page.get_by_role("link", name="History").click()
    page.get_by_role("link", name="tag seen").click()
    page.get_by_role("button", name="Undo 60 edits").click()
    expect(page.locator("#bulk-edit-progress")).to_contain_text("60 items edited")

    assert not Item.objects.in_draft().tagged(["seen"]).exists()
    assert problems == []
