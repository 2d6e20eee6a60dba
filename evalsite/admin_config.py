"""The app of the admin, with the site's own doors to it."""

from django.contrib.admin.apps import AdminConfig


class EvalsiteAdminConfig(AdminConfig):
    """Django's admin behind `EvalsiteAdmin`."""

    default_site = "evalsite.admin_site.EvalsiteAdmin"
