from django.urls import path

from annotator.releases import api, exports_api

urlpatterns = [
    path("releases/", api.ReleasesView.as_view(), name="releases"),
    path("releases/preview/", api.PreviewView.as_view(), name="release-preview"),
    path("releases/<uuid:public_id>/", api.ReleaseView.as_view(), name="release"),
    path("releases/<uuid:public_id>/check/", api.CheckView.as_view(), name="release-check"),
    path("releases/<uuid:public_id>/withdraw/", api.WithdrawView.as_view(), name="release-withdraw"),
    path("releases/<uuid:public_id>/compare/<uuid:other>/", api.CompareView.as_view(), name="release-compare"),
    path("exports/", exports_api.ExportsView.as_view(), name="exports"),
    path("exports/<uuid:public_id>/", exports_api.ExportView.as_view(), name="export"),
    path("exports/<uuid:public_id>/cancel/", exports_api.CancelExportView.as_view(), name="export-cancel"),
    path("exports/<uuid:public_id>/file/", exports_api.ExportFileView.as_view(), name="export-file"),
]
