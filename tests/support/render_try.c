/* render_try TEMPLATES LANGUAGE FIELDS KIND REASON < incident.json - prints a notice about all its
 * children as JSON: subject, text, html and body, the webhook's. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "deliver/render.h"

enum { FAR = 2000000000 };

static int word_index(const char *word, int count, const char *(*of)(int))
{
    for (int i = 0; i < count; i++) {
        if (strcmp(of(i), word) == 0)
            return i;
    }
    return -1;
}

static const char *kind_of(int i)
{
    return notice_kind_word((enum notice_kind)i);
}

static const char *reason_of(int i)
{
    return desk_reason_word((enum desk_reason)i);
}

static void print(const struct rendered *r)
{
    cJSON *json = cJSON_CreateObject();
    char *text;

    cJSON_AddStringToObject(json, "subject", r->subject);
    cJSON_AddStringToObject(json, "text", personal_reveal(&r->text));
    cJSON_AddStringToObject(json, "html", personal_reveal(&r->html));
    cJSON_AddRawToObject(json, "body", personal_reveal(&r->json));
    text = cJSON_PrintUnformatted(json);
    puts(text);
    cJSON_free(text);
    cJSON_Delete(json);
}

static int render(struct templates *templates, const struct incident *incident, char **argv)
{
    size_t children[INCIDENT_CHILDREN_MAX];
    struct render_known known[INCIDENT_CHILDREN_MAX];
    static const struct roll_place places[] = {
        {{"school", "100001"}, "Closed Primary", "01632 960001", true, false},
        {{"school", "100002"}, "Following Primary", "", false, true},
    };
    struct notice_row notice = {
        .reference = "OE-7F3K-2Q9M",
        .door = {"school", "113292"},
        .basis = BASIS_STATUTORY,
        .answer_by = london_moment(london_day(incident->attended_at) + 1, 8 * 3600 + 15 * 60)};
    struct render_input in = {.notice = &notice,
                              .incident = incident,
                              .children = children,
                              .children_count = incident->children_count,
                              .known = known,
                              .fields = strcmp(argv[3], "full") == 0       ? FIELDS_FULL
                                        : strcmp(argv[3], "standard") == 0 ? FIELDS_STANDARD
                                                                           : FIELDS_NAME,
                              .wording = "standard",
                              .language = argv[2],
                              .establishment = "Example Primary School",
                              .authority = "Plymouth"};
    struct rendered rendered;
    struct err err;
    bool reminder = strcmp(argv[4], "reminder") == 0;
    bool linked = strcmp(argv[4], "linked-notice") == 0;
    bool partly = strcmp(argv[4], "part-withdrawal") == 0;
    int kind = reminder || linked ? NOTICE_NOTICE
               : partly           ? NOTICE_WITHDRAWAL
                                  : word_index(argv[4], NOTICE_WITHDRAWAL + 1, kind_of);
    int reason = word_index(argv[5], DESK_REASONS, reason_of);

    if (kind < 0 || reason < 0)
        return 2;
    notice.kind = (enum notice_kind)kind;
    if (notice.kind == NOTICE_DESK)
        snprintf(notice.door.namespace, sizeof notice.door.namespace, "la");
    if (notice.kind == NOTICE_CORRECTION || notice.kind == NOTICE_WITHDRAWAL)
        in.amends = "OE-0DD1-0DD1";
    in.reminder = reminder;
    in.partly = partly;
    if (linked)
        in.link = "https://encompass.example/answer/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    notice.told_at = london_moment(london_day(incident->attended_at), 9 * 3600);
    if (notice.kind == NOTICE_WITHDRAWAL || reminder)
        in.fields = FIELDS_NAME;
    notice.reason = (enum desk_reason)reason;
    for (size_t i = 0; i < incident->children_count; i++) {
        children[i] = i;
        known[i] = (struct render_known){true, {2, 3, 4, true}, places, ARRAY_SIZE(places)};
    }
    if (render_notice(templates, &in, &rendered, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    print(&rendered);
    rendered_release(&rendered);
    return 0;
}

int main(int argc, char **argv)
{
    static char input[INCIDENT_BYTES_MAX + 1];
    struct templates *templates = NULL;
    struct incident *incident = NULL;
    struct incident_ident ident;
    struct problems problems;
    struct err err = {.code = ERR_NONE};
    size_t length;
    int rc = 2;

    if (argc != 6)
        return 2;
    length = fread(input, 1, sizeof input - 1, stdin);
    problems_init(&problems);
    if (templates_load(argv[1], &templates, &err) < 0 ||
        incident_parse(input, length, NULL, FAR, &incident, &ident, &problems, &err) < 0)
        fprintf(stderr, "%s\n", err.text);
    else if (!incident)
        fprintf(stderr, "%s %s\n", problems.list[0].at, problems.list[0].text);
    else
        rc = render(templates, incident, argv);
    problems_release(&problems);
    incident_free(incident);
    templates_free(templates);
    return rc;
}
