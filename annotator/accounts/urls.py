from django.urls import path

from annotator.accounts import api, session_api

urlpatterns = [
    path("session/", session_api.SessionView.as_view(), name="session"),
    path("session/demo/", session_api.DemoView.as_view(), name="session-demo"),
    path("invitations/", api.InvitationsView.as_view(), name="invitations"),
    path("invitations/accept/", session_api.AcceptView.as_view(), name="invitation-accept"),
    path("invitations/<int:pk>/", api.InvitationView.as_view(), name="invitation"),
    path("people/", api.PeopleView.as_view(), name="people"),
    path("people/<int:pk>/", api.PersonView.as_view(), name="person"),
    path("tokens/", api.TokensView.as_view(), name="tokens"),
    path("tokens/<int:pk>/", api.TokenView.as_view(), name="token"),
]
