#include "cli/doors.h"

#include <stdio.h>
#include <string.h>

#include "intake/incident.h"

int door_of_urn(const char *command, const char *text, struct door *out, struct err *err)
{
    const char *slash = strchr(text, '/'), *urn = slash ? slash + 1 : text;
    size_t length = slash ? (size_t)(slash - text) : strlen("school");

    if (slash && strncmp(text, "school/", 7) != 0 && strncmp(text, "centre/", 7) != 0)
        return cli_usage(err, command, "an establishment is school/URN or centre/URN");
    if (strspn(urn, "0123456789") != strlen(urn) || urn[0] == '\0' || strlen(urn) > 8)
        return cli_usage(err, command, "a URN is up to eight digits");
    snprintf(out->namespace, sizeof out->namespace, "%.*s", (int)length, slash ? text : "school");
    snprintf(out->urn, sizeof out->urn, "%s", urn);
    return 0;
}

int door_of_la(const char *command, const char *text, struct door *out, struct err *err)
{
    if (strlen(text) != 3 || strspn(text, "0123456789") != 3)
        return cli_usage(err, command, "--la is the three digits of an authority");
    snprintf(out->namespace, sizeof out->namespace, "la");
    snprintf(out->urn, sizeof out->urn, "%s", text);
    return 0;
}

int door_of_force(const char *command, const char *text, struct door *out, struct err *err)
{
    if (!incident_force_is_valid(text))
        return cli_usage(err, command, "--force is a force's id, such as devon-and-cornwall");
    snprintf(out->namespace, sizeof out->namespace, "force");
    snprintf(out->urn, sizeof out->urn, "%s", text);
    return 0;
}
