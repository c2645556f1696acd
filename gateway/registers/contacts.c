/* gateway/registers/contacts.c - who is told. Only the rows that a file has are touched, unless it is
 * complete for an authority.
 *
 * A verification belongs to the address: the same person at another address is a new contact, which
 * nobody has verified unless the row says so, and the old one ends. An address that refused mail or
 * that a person has ended comes back only by a verification that is later than its end, so that
 * last month's file cannot bring it back every night.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adapters/adapter.h"
#include "registers/address.h"
#include "registers/reading.h"

enum { NAMESPACE, URN, ROLE, NAME, ADAPTER, ADDRESS, LANGUAGE, VERIFIED_AT, TELEPHONE, COLUMNS };

static const struct csv_column columns[COLUMNS] = {
    [NAMESPACE] = {"namespace", true},
    [URN] = {"urn", true},
    [ROLE] = {"role", true},
    [NAME] = {"name", true},
    [ADAPTER] = {"adapter", true},
    [ADDRESS] = {"address", true},
    [LANGUAGE] = {"language", true},
    [VERIFIED_AT] = {"verified_at", true},
    [TELEPHONE] = {"telephone", false},
};

/* In the order of REGISTER_CONTACT. */
enum {
    C_NAMESPACE,
    C_URN,
    C_ROLE,
    C_ADAPTER,
    C_ADDRESS,
    C_NAME,
    C_LANGUAGE,
    C_VERIFIED_AT,
    C_ENDED_AT,
    C_ENDED_WHY,
    C_TELEPHONE,
    C_COLUMNS,
};

static bool is_force_id(const char *text)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz-");

    return length > 0 && text[length] == '\0';
}

/* GIAS's numbers for school and centre, the authority's code for la, the force's id for force. */
static const char *door_urn(struct reading *r, const char *namespace)
{
    const char *text;

    if (!namespace)
        return NULL;
    if (strcmp(namespace, "school") == 0 || strcmp(namespace, "centre") == 0)
        return reading_needed_urn(r, URN);
    text = reading_needed(r, URN, 64);
    if (text && strcmp(namespace, "la") == 0 && !is_digits(text, 3, 3))
        reading_mistake(r, URN, "is no code of an authority (three digits)");
    if (text && strcmp(namespace, "force") == 0 && !is_force_id(text))
        reading_mistake(r, URN, "is no id of a force, such as devon-and-cornwall");
    return text;
}

static const char *role(struct reading *r, const char *namespace)
{
    bool desk = namespace && (strcmp(namespace, "la") == 0 || strcmp(namespace, "force") == 0);

    return reading_needed_word(
        r, ROLE, desk ? "la_desk|deputy|health_visitor" : "dsl|deputy|health_visitor");
}

static const char *address(struct reading *r, const char *adapter)
{
    const char *text = reading_needed(r, ADDRESS, ADDRESS_LONGEST);
    const char *wrong = text && adapter ? address_problem(adapter, text) : NULL;

    if (!wrong)
        return text;
    reading_mistake(r, ADDRESS, "%s", wrong);
    return NULL;
}

/* The adapters that there are, as reading_needed_word takes them: what no adapter would ever claim is
 * refused, not stored. */
static void write_adapters(char *out, size_t size)
{
    size_t length = 0;

    out[0] = '\0';
    for (const struct adapter *const *a = adapters; *a && length < size; a++)
        length +=
            (size_t)snprintf(out + length, size - length, "%s%s", length ? "|" : "", (*a)->name);
}

/* The row's moment, or -1. A date is its first moment, so that it brings back nothing that has ended
 * on that day. */
static int64_t verified_at(struct reading *r)
{
    const char *text = csv_file_cell(r->csv, VERIFIED_AT);
    day_t day = day_parse(text);
    time_t at;

    if (text[0] == '\0')
        return -1;
    if (day == DAY_NONE)
        day = day_parse_british(text);
    if (day != DAY_NONE) {
        at = london_moment(day, 0);
    } else if (!moment_parse(text, &at) || at <= 0) {
        reading_mistake(r, VERIFIED_AT,
                        "is no date or moment, such as 2026-03-16 or 2026-03-16T09:00:00Z");
        return -1;
    }
    if (at > r->options->now) {
        reading_mistake(r, VERIFIED_AT, "is in the future");
        return -1;
    }
    return at;
}

/* A number as people write it; NULL none. */
static const char *telephone(struct reading *r)
{
    const char *text = csv_file_cell(r->csv, TELEPHONE);
    size_t digits = 0, length = strspn(text, "0123456789 +()-/x.");

    if (text[0] == '\0')
        return NULL;
    for (const char *p = text; *p; p++)
        digits += isdigit((unsigned char)*p) != 0;
    if (text[length] == '\0' && length <= 30 && digits >= 3)
        return text;
    reading_mistake(r, TELEPHONE, "is no telephone number, such as 01752 000000 x12");
    return NULL;
}

/* Writes what the row and the store together make of the contact's verification and end. Returns
 * false when the row must not bring back what has ended. */
static bool settle(struct reading *r, const struct register_contact *there, int64_t verified,
                   const char **values)
{
    if (there->ended_at >= 0 && !there->ended_by_import && verified <= there->ended_at) {
        reading_warning(r, ADDRESS,
                        "has ended since it was verified: a later verified_at brings it back");
        return false;
    }
    /* A file that says nothing takes no verification away; a contact that comes back has only what
     * the file gives it. */
    if (there->ended_at < 0 && there->verified_at > verified)
        verified = there->verified_at;
    /* Nor does it take a number away. */
    if (!values[C_TELEPHONE] && there->telephone[0])
        values[C_TELEPHONE] = reading_scratch(r, "%s", there->telephone);
    values[C_VERIFIED_AT] = verified < 0 ? NULL : reading_scratch(r, "%" PRId64, verified);
    return true;
}

static int put_row(struct reading *r, const char **values, int64_t verified, struct err *err)
{
    struct register_contact there = {.contact_id = -1, .verified_at = -1, .ended_at = -1};
    enum change change;
    int64_t id = -1;

    if (reading_known_door(r, URN, values[C_NAMESPACE], values[C_URN], err) < 0 ||
        registers_contact_standing(r->db, values[C_NAMESPACE], values[C_URN], values[C_ROLE],
                                   values[C_ADAPTER], values[C_ADDRESS], &there, err) < 0)
        return -1;
    if (!settle(r, &there, verified, values)) {
        r->result->unchanged++;
        return 0;
    }
    if (reading_put(r, REGISTER_CONTACT, values, NULL, &change, &id, err) < 0)
        return -1;
    if (!values[C_VERIFIED_AT])
        r->result->unverified++;
    switch (registers_seen(r->db, id, err)) {
    case 0:
        reading_warning(r, ADDRESS, "stands in the file already for this role");
        return 0;
    case 1:
        return 0;
    default:
        return -1;
    }
}

static int end_others(struct reading *r, struct err *err)
{
    const char *args[] = {r->options->la};

    if (reading_end_absent(r, ABSENT_REPLACED_CONTACTS, args, false, err) < 0)
        return -1;
    return r->options->complete ? reading_end_absent(r, ABSENT_CONTACTS, args, true, err) : 0;
}

int read_contacts(struct reading *r, struct err *err)
{
    char known_adapters[160];
    int rc;

    if (r->options->complete && !r->options->la)
        return err_set(err, ERR_USAGE,
                       "import contacts: --complete needs --la: whose contacts are they?");
    if (reading_open(r, columns, COLUMNS, err) < 0)
        return -1;
    write_adapters(known_adapters, sizeof known_adapters);
    while ((rc = reading_next(r, err)) == 1) {
        const char *values[C_COLUMNS] = {NULL};
        int64_t verified = verified_at(r);

        values[C_NAMESPACE] = reading_needed_word(r, NAMESPACE, "school|centre|la|force");
        values[C_URN] = door_urn(r, values[C_NAMESPACE]);
        values[C_ROLE] = role(r, values[C_NAMESPACE]);
        values[C_ADAPTER] = reading_needed_word(r, ADAPTER, known_adapters);
        values[C_ADDRESS] = address(r, values[C_ADAPTER]);
        values[C_NAME] = reading_needed(r, NAME, 100);
        values[C_TELEPHONE] = telephone(r);
        values[C_LANGUAGE] = reading_word(r, LANGUAGE, "en|cy");
        if (!values[C_LANGUAGE])
            values[C_LANGUAGE] = "en";
        if (!r->row_refused && put_row(r, values, verified, err) < 0)
            return -1;
    }
    return rc == 0 && r->result->mistakes.count == 0 ? end_others(r, err) : rc;
}
