"""Note the tags and splits of each dataset at it, and index what curators' lists read."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

NAMES_KEPT = 1000


def note_names(apps: Any, schema_editor: Any) -> None:
    """Note the names that the items of each draft bear."""
    item = apps.get_model("experiments", "Item")
    for dataset in apps.get_model("experiments", "Dataset").objects.filter(is_hidden=False):
        rows = item.objects.filter(dataset=dataset, until=None).order_by()
        splits = set(rows.values_list("split", flat=True).distinct())
        tags = {tag for stored in rows.values_list("tags", flat=True).distinct() for tag in stored.split("|")}
        dataset.tag_names, dataset.split_names = (sorted(names - {""})[:NAMES_KEPT] for names in (tags, splits))
        dataset.save(update_fields=["tag_names", "split_names"])


class Migration(migrations.Migration):

    dependencies = [
        ('experiments', '0015_prompts_and_providers_are_archived'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='dataset',
            name='split_names',
            field=models.JSONField(default=list, help_text='The same of its splits.'),
        ),
        migrations.AddField(
            model_name='dataset',
            name='tag_names',
            field=models.JSONField(default=list, help_text='The tags that its items bear, or bore in this draft.'),
        ),
        migrations.AlterField(
            model_name='item',
            name='dataset',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='item_rows', to='experiments.dataset'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('until', None)), fields=['dataset', 'position', 'id'], name='item_draft_position'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('until__isnull', False)), fields=['dataset', 'until'], name='item_dataset_until'),
        ),
        migrations.RunPython(note_names, migrations.RunPython.noop),
    ]
