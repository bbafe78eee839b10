from django.urls import path

from annotator.annotation import active_api, api, flags_api, pool_api

urlpatterns = [
    path("annotate/batches/", api.BatchesView.as_view(), name="annotate-batches"),
    path("annotate/batches/<uuid:public_id>/leases/", api.LeasesView.as_view(), name="annotate-leases"),
    path("annotate/batches/<uuid:public_id>/standing/", api.StandingView.as_view(), name="annotate-standing"),
    path("annotate/batches/<uuid:public_id>/return/", api.ReturnView.as_view(), name="annotate-return"),
    path("annotate/batches/<uuid:public_id>/history/", api.HistoryView.as_view(), name="annotate-history"),
    path("annotate/batches/<uuid:public_id>/pace/", api.PaceView.as_view(), name="annotate-pace"),
    path("annotate/assignments/<uuid:uuid>/", api.AssignmentView.as_view(), name="annotate-assignment"),
    path("annotate/assignments/<uuid:uuid>/renew/", api.RenewView.as_view(), name="annotate-renew"),
    path("annotate/assignments/<uuid:uuid>/skip/", api.SkipView.as_view(), name="annotate-skip"),
    path("annotate/assignments/<uuid:uuid>/flag/", api.RaiseFlagView.as_view(), name="annotate-flag"),
    path("batches/<int:pk>/people/", pool_api.BatchPeopleView.as_view(), name="batch-people"),
    path("batches/<int:pk>/people/<int:person>/", pool_api.BatchPersonView.as_view(), name="batch-person"),
    path("active_time/", active_api.ActiveTimeView.as_view(), name="active-time"),
    path("active_time/export/", active_api.ActiveTimeExportView.as_view(), name="active-time-export"),
    path("flags/", flags_api.FlagsView.as_view(), name="flags"),
    path("flags/<int:pk>/resolve/", flags_api.ResolveView.as_view(), name="flag-resolve"),
]
