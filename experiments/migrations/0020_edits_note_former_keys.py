"""Note at edits what items were called before."""

from typing import Any

from django.conf import settings
from django.db import migrations, models


def note_former_keys(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's
    """Note at the edits that are there what they renamed."""
    edits = apps.get_model("experiments", "ItemEdit").objects
    for edit in edits.filter(before__key__isnull=False, after__key__isnull=False).iterator(1000):
        if edit.before["key"] != edit.after["key"]:
            edits.filter(pk=edit.pk).update(former_key=edit.before["key"])


class Migration(migrations.Migration):

    dependencies = [
        ('experiments', '0019_what_differs_is_told_from_an_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='itemedit',
            name='former_key',
            field=models.CharField(blank=True, help_text='As it was before, where the edit changed it.', max_length=200),
        ),
        migrations.RunPython(note_former_keys, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='itemedit',
            index=models.Index(condition=models.Q(('former_key', ''), _negated=True), fields=['dataset', 'former_key', 'id'], name='item_edit_former'),
        ),
    ]
