"""Make the group of the staff who see the datasets of their projects, and nothing else, in the admin."""

from typing import Any

from django.db import migrations

SEEN = ("dataset", "datasetversion", "item")


def make_group(apps: Any, schema_editor: Any) -> None:
    """Make the group "Curators" with the permissions to view datasets, versions and items."""
    content_type = apps.get_model("contenttypes", "ContentType")
    permission = apps.get_model("auth", "Permission")
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="Curators")
    for model in SEEN:
        about, _ = content_type.objects.get_or_create(app_label="experiments", model=model)
        name = f"Can view {apps.get_model('experiments', model)._meta.verbose_name}"
        may_view, _ = permission.objects.get_or_create(
            content_type=about, codename=f"view_{model}", defaults={"name": name}
        )
        group.permissions.add(may_view)


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0012_drafts"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_group, migrations.RunPython.noop)]
