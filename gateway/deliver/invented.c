#include "deliver/invented.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "store/registers.h"

enum { JSON_MAX = 4096, YEARS_OLD = 8, AGO_SECONDS = 6 * 3600 };

#define NOBODY "exercise" /* in the place of a force's id */

/* Both languages' words for what this is, where a name would stand. */
static void write_incident(struct buf *json, const char *force, bool welsh, time_t now)
{
    char attended[MOMENT_TEXT_SIZE], born[DATE_TEXT_SIZE];
    int year, month, day;

    day_to_civil(london_day(now), &year, &month, &day);
    day_format(day_from_civil(year - YEARS_OLD, 1, 15), born);
    moment_format(now - AGO_SECONDS, attended);
    buf_addf(json,
             "{\"version\":1,\"force\":\"%s\",\"police_ref\":\"EXERCISE\",\"revision\":1,"
             "\"type\":\"domestic_abuse\",\"action\":\"notify\",\"attended_at\":\"%s\","
             "\"risk\":\"standard\",\"circumstances\":\"%s\",\"referrals\":[\"mash\"],"
             "\"children\":[{\"child_ref\":\"1\",\"forename\":\"%s\",\"surname\":\"%s\","
             "\"date_of_birth\":\"%s\",\"present\":\"heard\","
             "\"voice\":{\"text\":\"%s\",\"spoken_to\":true}}]}",
             force, attended,
             welsh ? "YMARFER: dychmygol yw hyn; ni ddigwyddodd dim."
                   : "EXERCISE: this is invented; nothing happened.",
             welsh ? "YMARFER" : "EXERCISE", welsh ? "Plentyn-Dychmygol" : "Invented-Child", born,
             welsh ? "YMARFER: geiriau dychmygol." : "EXERCISE: invented words.");
}

static int parse(const char *force, bool welsh, time_t now, struct incident **out, struct err *err)
{
    struct incident_ident ident;
    struct problems problems;
    struct buf json;
    int rc;

    *out = NULL;
    problems_init(&problems);
    buf_init(&json, JSON_MAX);
    write_incident(&json, force, welsh, now);
    rc = buf_check(&json, err);
    if (rc == 0)
        rc = incident_parse(buf_text(&json), json.length, force, now, out, &ident, &problems, err);
    if (rc >= 0 && !*out)
        rc = err_set(err, ERR_INVALID, "the invented call-out: %s %s", problems.list[0].at,
                     problems.list[0].text);
    buf_release(&json);
    problems_release(&problems);
    return rc < 0 ? -1 : 0;
}

static int resolve(struct db *db, const char *force, struct invented *in, struct err *err)
{
    const struct door *door = &in->establishment.door;
    struct policy_row *rows = NULL;
    size_t count = 0;

    if (registers_policies(db, force, in->establishment.la_code, door, &rows, &count, err) < 0)
        return -1;
    policy_resolve(rows, count, force, in->establishment.la_code, door, &in->policy);
    free(rows);
    return registers_authority_name(db, in->establishment.la_code, in->authority,
                                    sizeof in->authority, err) < 0
               ? -1
               : 0;
}

enum notice_kind invented_kind(const struct door *door)
{
    return strcmp(door->namespace, "la") == 0 || strcmp(door->namespace, "force") == 0
               ? NOTICE_DESK
               : NOTICE_NOTICE;
}

int invented_make(struct db *db, const char *force, const struct door *door, enum notice_kind kind,
                  const char *language, time_t now, struct invented *out, struct err *err)
{
    struct invented in;
    int rc;

    memset(&in, 0, sizeof in);
    rc = registers_establishment(db, door, &in.establishment, err);
    if (rc <= 0)
        return rc;
    if (resolve(db, force, &in, err) < 0 ||
        parse(force[0] ? force : NOBODY, strcmp(language, "cy") == 0, now, &in.incident, err) < 0)
        return -1;
    in.known =
        (struct render_known){.repeats_counted = in.policy.repeats, .repeats = {2, 2, 3, true}};
    in.notice = (struct notice_row){.kind = kind,
                                    .door = *door,
                                    .basis = BASIS_STATUTORY,
                                    .reason = kind == NOTICE_DESK ? DESK_NO_MATCH : DESK_NONE,
                                    .due_at = now,
                                    .answer_by = now + in.policy.morning.answer_within,
                                    .told_at = -1,
                                    .answered_at = -1,
                                    .told_contact = -1};
    *out = in;
    return 1;
}

void invented_release(struct invented *in)
{
    incident_free(in->incident);
    in->incident = NULL;
}

struct render_input invented_input(const struct invented *in, const char *language)
{
    return (struct render_input){.notice = &in->notice,
                                 .incident = in->incident,
                                 .children = &in->child,
                                 .children_count = 1,
                                 .known = &in->known,
                                 .fields = in->policy.fields,
                                 .wording = in->policy.wording,
                                 .language = language,
                                 .establishment = in->establishment.name,
                                 .authority = in->authority};
}
