"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from evalsite import home, profile, views
from evalsite.health import healthz, readyz
from evalsite.metrics.views import metrics
from evalsite.search import search_page

handler400 = "evalsite.views.bad_request"
handler403 = "evalsite.views.not_allowed"
handler404 = "evalsite.views.not_found"
handler500 = "evalsite.views.broken"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("home/now/", home.home_now, name="home-now"),
    path("", include("experiments.urls")),
    path("", include("runs.urls")),
    path("settings/", profile.settings_start, name="settings"),
    path("settings/profile/", profile.profile, name="profile"),
    path("settings/password/", profile.password, name="password"),
    path("search/", search_page, name="search"),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/link/<str:token>/", views.sign_in_link, name="sign-in-link"),
    path("sign-out/", views.sign_out, name="sign-out"),
    path("signed-out/", views.signed_out, name="signed-out"),
    path("theme/", views.theme, name="theme"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", include("evalsite.api.routes")),
    path("admin/", admin.site.urls),
]
