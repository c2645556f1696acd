#include "files.h"

#include <stdio.h>
#include <string.h>

#include "chance.h"
#include "registers/import.h"
#include "world.h"

static FILE *make(const char *folder, const char *name, char path[512])
{
    FILE *out;

    snprintf(path, 512, "%s/%s", folder, name);
    out = fopen(path, "we");
    if (!out)
        perror(path);
    return out;
}

static int import(struct db *db, const char *kind, const char *path, struct import_options options)
{
    struct import_result result;
    struct err err = {.code = ERR_NONE};
    int rc;

    options.who = "officer";
    rc = import_run(db, import_kind_find(kind), path, &options, &result, &err);
    if (rc < 0)
        fprintf(stderr, "import %s: %s %s\n", kind, err.text,
                result.mistakes.kept > 0 ? result.mistakes.line[0] : "");
    import_result_release(&result);
    return rc;
}

static int type_code(enum kind kind)
{
    static const int codes[] = {[PRIMARY] = 1,  [SECONDARY] = 34, [SPECIAL] = 7, [INDEPENDENT] = 11,
                                [COLLEGE] = 18, [UNIT] = 14,      [CENTRE] = 47};

    return codes[kind];
}

int files_establishments(struct db *db, const char *folder, time_t now)
{
    char path[512];
    FILE *out = make(folder, "edubasealldata.csv", path);

    if (!out)
        return -1;
    fputs("URN,LA (code),LA (name),EstablishmentName,TypeOfEstablishment (code),"
          "TypeOfEstablishment (name),EstablishmentStatus (code),EstablishmentStatus (name),"
          "PhaseOfEducation (code),StatutoryLowAge,StatutoryHighAge,Street,Town,Postcode\r\n",
          out);
    for (int i = 0; i < doors_count; i++) {
        const struct door_truth *d = &doors[i];

        if (world_is_desk(i))
            continue;
        fprintf(out, "%s,%s,%s,%s,%d,a type,%s,%d,%d,%d,%s,%s,%s\r\n", d->urn, las[d->la].code,
                las[d->la].name, d->name, type_code(d->kind), d->closed_at ? "2,Closed" : "1,Open",
                d->kind == PRIMARY ? 2 : 4, d->low, d->high, streets[i % 14], las[d->la].town,
                d->postcode);
    }
    fclose(out);
    return import(db, "establishments", path, (struct import_options){.now = now});
}

int files_links(struct db *db, const char *folder, time_t now)
{
    char path[512];
    FILE *out = make(folder, "links_edubasealldata.csv", path);

    if (!out)
        return -1;
    fputs("URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\r\n", out);
    for (int i = 0; i < doors_count; i++) {
        for (int j = 0; j < doors[i].successors_count; j++) {
            const struct door_truth *to = &doors[doors[i].successors[j]];

            fprintf(out, "%s,%s,%s,Successor,\r\n", doors[i].urn, to->urn, to->name);
        }
    }
    fclose(out);
    return import(db, "links", path, (struct import_options){.now = now});
}

int files_policies(struct db *db, const char *folder, time_t now)
{
    char path[512];
    FILE *out = make(folder, "policies.csv", path);
    int rc;

    if (!out)
        return -1;
    fputs("scope,id,key,value\nforce,kent,fields,full\nla,886,fields,full\n"
          "force,kent,home_la,886\nforce,lancashire,home_la,888\n"
          "force,kent,withhold_reasons,risk-to-victim\nla,886,home_force,kent\n"
          "la,888,home_force,lancashire\nla,889,home_force,lancashire\n",
          out);
    for (int la = 0; la < LAS; la++) {
        if (las[la].centres)
            fprintf(out, "la,%s,childrens_centres,on\n", las[la].code);
        if (las[la].nurseries)
            fprintf(out, "la,%s,nurseries,on\n", las[la].code);
    }
    for (int i = 0; i < doors_count; i++) {
        if (!world_is_desk(i) && doors[i].timing != MORNINGS)
            fprintf(out, "%s,%s,timing,%s\n", doors[i].namespace, doors[i].urn,
                    doors[i].timing == HOLDS ? "hold" : "at-once");
    }
    fclose(out);
    rc = import(db, "policies", path, (struct import_options){.now = now});
    if (rc < 0 || !(out = make(folder, "reach.csv", path)))
        return -1;
    fputs("namespace,urn,postcode_prefix\n", out);
    for (int i = 0; i < doors_count; i++) {
        if (doors[i].kind == CENTRE)
            fprintf(out, "centre,%s,%s\n", doors[i].urn, las[doors[i].la].outward);
    }
    fclose(out);
    return import(db, "reach", path, (struct import_options){.now = now});
}

/* The terms around the year; the first two stand before and after it. */
struct span {
    const char *from, *to;
};
enum { SPANS = 8 };
static const struct span terms_of[LAS][SPANS] = {
    {{"2027-06-07", "2027-07-23"},
     {"2028-09-04", "2028-10-20"},
     {"2027-09-02", "2027-10-22"},
     {"2027-11-01", "2027-12-17"},
     {"2028-01-04", "2028-02-11"},
     {"2028-02-21", "2028-03-31"},
     {"2028-04-18", "2028-05-26"},
     {"2028-06-05", "2028-07-21"}},
    {{"2027-06-07", "2027-07-20"},
     {"2028-08-30", "2028-10-20"},
     {"2027-08-31", "2027-10-15"},
     {"2027-10-25", "2027-12-17"},
     {"2028-01-04", "2028-02-11"},
     {"2028-02-21", "2028-04-07"},
     {"2028-04-24", "2028-05-26"},
     {"2028-06-12", "2028-07-19"}},
    {{"2027-06-07", "2027-07-22"},
     {"2028-09-05", "2028-10-20"},
     {"2027-09-06", "2027-10-22"},
     {"2027-11-01", "2027-12-22"},
     {"2028-01-06", "2028-02-18"},
     {"2028-02-28", "2028-04-07"},
     {"2028-04-24", "2028-05-26"},
     {"2028-06-05", "2028-07-25"}},
};
static const struct span independent[SPANS] = {
    {"2027-06-07", "2027-07-09"}, {"2028-09-06", "2028-10-13"}, {"2027-09-08", "2027-10-15"},
    {"2027-11-01", "2027-12-10"}, {"2028-01-10", "2028-02-11"}, {"2028-02-21", "2028-03-24"},
    {"2028-04-24", "2028-05-26"}, {"2028-06-05", "2028-07-07"}};
static const struct span college[SPANS] = {
    {"2027-06-07", "2027-07-02"}, {"2028-09-04", "2028-10-20"}, {"2027-09-06", "2027-10-22"},
    {"2027-11-01", "2027-12-17"}, {"2028-01-04", "2028-02-11"}, {"2028-02-21", "2028-03-31"},
    {"2028-04-18", "2028-05-26"}, {"2028-06-05", "2028-06-30"}};
static const struct span centre[SPANS] = {
    {"2026-08-01", "2027-07-31"}, {"2028-08-01", "2029-07-31"}, {"2027-08-01", "2028-07-31"}};

static void write_row(FILE *out, const struct range_truth *r)
{
    char from[DATE_TEXT_SIZE], to[DATE_TEXT_SIZE];

    bool saturdays = r->door >= 0 && doors[r->door].saturdays && strcmp(r->kind, "term") == 0;

    fprintf(out, "%s,%s,%s,%s,%s,%s,,%s\n", r->la >= 0 ? las[r->la].code : "",
            r->door >= 0 ? doors[r->door].namespace : "", r->door >= 0 ? doors[r->door].urn : "",
            r->kind, day_format(r->from, from), day_format(r->to, to),
            saturdays ? "mon tue wed thu fri sat" : "");
}

static void make_ranges(void)
{
    for (int la = 0; la < LAS; la++) {
        for (int i = 0; i < SPANS; i++)
            world_add_range(la, -1, "term", day_parse(terms_of[la][i].from),
                            day_parse(terms_of[la][i].to));
    }
    for (int d = 0; d < doors_count; d++) {
        const struct span *own = doors[d].kind == INDEPENDENT ? independent
                                 : doors[d].kind == COLLEGE   ? college
                                 : doors[d].kind == CENTRE    ? centre
                                                              : NULL;

        for (int i = 0; own && i < SPANS && own[i].from; i++)
            world_add_range(-1, d, "term", day_parse(own[i].from), day_parse(own[i].to));
        if (doors[d].kind == CENTRE)
            world_add_range(-1, d, "closure", day_parse("2027-12-24"), day_parse("2028-01-02"));
        /* Two of a school's own days without pupils. */
        for (int i = 0; i < 2 && !world_is_desk(d) && doors[d].kind != CENTRE; i++) {
            day_t day;

            do
                day = YEAR_BEGINS + chance_below(366);
            while (!world_is_school_day(d, day));
            world_add_range(-1, d, "inset", day, day);
        }
    }
}

/* The second authority publishes a calendar, the others a table. */
static int write_ical(struct db *db, const char *folder, time_t now)
{
    char path[512];
    FILE *out = make(folder, "terms.ics", path);

    if (!out)
        return -1;
    fputs("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//an authority//EN\r\n", out);
    for (int i = 0; i < SPANS; i++) {
        int y, m, d, y2, m2, d2;

        day_to_civil(day_parse(terms_of[1][i].from), &y, &m, &d);
        day_to_civil(day_parse(terms_of[1][i].to) + 1, &y2, &m2, &d2);
        fprintf(out,
                "BEGIN:VEVENT\r\nUID:t%d@example\r\nDTSTAMP:20270601T090000Z\r\n"
                "DTSTART;VALUE=DATE:%04d%02d%02d\r\nDTEND;VALUE=DATE:%04d%02d%02d\r\n"
                "SUMMARY:Term %d\r\nEND:VEVENT\r\n",
                i, y, m, d, y2, m2, d2, i);
    }
    fputs("END:VCALENDAR\r\n", out);
    fclose(out);
    return import(db, "terms", path, (struct import_options){.now = now, .la = las[1].code});
}

static int write_bank_holidays(struct db *db, const char *folder, time_t now)
{
    char path[512];
    static const char *const divisions[] = {"england-and-wales", "scotland", "northern-ireland"};
    FILE *out = make(folder, "bank-holidays.json", path);

    if (!out)
        return -1;
    for (int d = 0; d < 3; d++) {
        fprintf(out, "%s\"%s\":{\"division\":\"%s\",\"events\":[", d == 0 ? "{" : ",", divisions[d],
                divisions[d]);
        for (int i = 0; bank_holidays[i]; i++)
            fprintf(out, "%s{\"title\":\"A holiday\",\"date\":\"%s\"}", i > 0 ? "," : "",
                    bank_holidays[i]);
        fputs("]}", out);
    }
    fputs("}", out);
    fclose(out);
    return import(db, "bank-holidays", path, (struct import_options){.now = now});
}

int files_terms(struct db *db, const char *folder, time_t now)
{
    char path[512];
    FILE *out = make(folder, "terms.csv", path);

    if (!out)
        return -1;
    make_ranges();
    fputs("la,namespace,urn,kind,from,to,title,days\n", out);
    for (int i = 0; i < ranges_count; i++) {
        if (ranges[i].la != 1)
            write_row(out, &ranges[i]);
    }
    fclose(out);
    return import(db, "terms", path, (struct import_options){.now = now}) < 0 ||
                   write_ical(db, folder, now) < 0
               ? -1
               : write_bank_holidays(db, folder, now);
}

int files_closure(struct db *db, const char *folder, int door, day_t from, day_t to, time_t now)
{
    const struct range_truth r = {-1, door, "closure", from, to};
    char path[512];
    FILE *out = make(folder, "closure.csv", path);

    if (!out)
        return -1;
    world_add_range(-1, door, "closure", from, to);
    fputs("la,namespace,urn,kind,from,to,title,days\n", out);
    write_row(out, &r);
    fclose(out);
    return import(db, "terms", path, (struct import_options){.now = now});
}

static int la_of(int door)
{
    return doors[door].kind == FORCE_DESK ? -1 : doors[door].la;
}

int files_contacts(struct db *db, const char *folder, int la, time_t now)
{
    struct import_options options = {
        .now = now, .la = la < 0 ? NULL : las[la].code, .complete = la >= 0, .force = la >= 0};
    char path[512], at[MOMENT_TEXT_SIZE];
    FILE *out = make(folder, "contacts.csv", path);

    if (!out)
        return -1;
    fputs("namespace,urn,role,name,adapter,address,language,verified_at\n", out);
    for (int i = 0; i < contacts_count; i++) {
        const struct contact_truth *c = &contacts[i];

        if (!c->ended && la_of(c->door) == la)
            fprintf(out, "%s,%s,%s,%s,%s,%s,%s,%s\n", doors[c->door].namespace, doors[c->door].urn,
                    c->role, c->name, c->adapter, c->address, i % 17 == 5 ? "cy" : "en",
                    c->verified_at ? moment_format(c->verified_at, at) : "");
    }
    fclose(out);
    return import(db, "contacts", path, options);
}

static void write_pupil(FILE *out, int number, const struct pupil_truth *p, int which)
{
    const struct door_truth *d = &doors[p->doors[which]], *main_one = &doors[p->doors[0]];
    char surname[64], born[DATE_TEXT_SIZE], days[WEEKDAYS_TEXT_SIZE] = "";
    int year = (day_parse("2027-08-31") - p->born) / 365 - 4;

    if (p->days)
        weekdays_format(p->days, days);
    fprintf(out, "P%06d,%s,%s,%s,%s,,,%s,%s,%d,%s,%s,%s,%s,%s,%s,%d,%s,%s,%s\n", number,
            main_one->kind == INDEPENDENT || main_one->kind == COLLEGE ? "" : p->upn, p->forename,
            p->middle, world_surname(p, surname), p->girl ? "F" : "M", day_format(p->born, born),
            p->house, streets[p->street], las[p->la].town, p->postcode, d->urn, d->name,
            las[d->la].code, year, d->namespace, which == 0 ? "main" : "subsidiary", days);
}

int files_roll(struct db *db, const char *folder, int la, time_t now)
{
    char path[512];
    FILE *out = make(folder, "roll.csv", path);

    if (!out)
        return -1;
    fputs("pupil_id,upn,forename,middle_names,surname,preferred_forename,former_surname,gender,dob,"
          "house,street,town,postcode,urn,school,la_code,nc_year,namespace,enrolment,days\n",
          out);
    for (int i = 0; i < pupils_count; i++) {
        for (int j = 0; j < pupils[i].doors_count; j++) {
            if (doors[pupils[i].doors[j]].la == la)
                write_pupil(out, i, &pupils[i], j);
        }
    }
    fclose(out);
    return import(
        db, "roll", path,
        (struct import_options){.now = now, .la = las[la].code, .complete = true, .force = true});
}
