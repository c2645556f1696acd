/* gateway/registers/establishments.c - GIAS edubasealldata and edubaseallchildrencentre. Closed and
 * proposed establishments are kept: decisions and links point at them. Head teachers' names are
 * public and of no use here, so they are not taken. */
#include <stdlib.h>
#include <string.h>

#include "registers/reading.h"

enum {
    URN,
    LA_CODE,
    LA_NAME,
    NAME,
    TYPE_CODE,
    TYPE_NAME,
    STATUS_CODE,
    STATUS_NAME,
    PHASE_CODE,
    LOW_AGE,
    HIGH_AGE,
    STREET,
    LOCALITY,
    TOWN,
    POSTCODE,
    OPENED,
    CLOSED,
    WEBSITE,
    TELEPHONE,
    COLUMNS,
};

/* URN to StatutoryHighAge stand in the same place in every set of columns that GIAS has had; it has
 * inserted columns behind them. A row with more cells than the header comes from a newer set, and
 * its later cells would be taken for others: a head teacher's name for a postcode. */
enum { SURE_CELLS = 21 };

static const struct csv_column columns[COLUMNS] = {
    [URN] = {"URN", true},
    [LA_CODE] = {"LA (code)", true},
    [LA_NAME] = {"LA (name)", true},
    [NAME] = {"EstablishmentName", true},
    [TYPE_CODE] = {"TypeOfEstablishment (code)", true},
    [TYPE_NAME] = {"TypeOfEstablishment (name)", true},
    [STATUS_CODE] = {"EstablishmentStatus (code)", true},
    [STATUS_NAME] = {"EstablishmentStatus (name)", true},
    [PHASE_CODE] = {"PhaseOfEducation (code)", false},
    [LOW_AGE] = {"StatutoryLowAge", false}, /* children's centres have none */
    [HIGH_AGE] = {"StatutoryHighAge", false},
    [STREET] = {"Street", false},
    [LOCALITY] = {"Locality", false},
    [TOWN] = {"Town", false},
    [POSTCODE] = {"Postcode", true},
    [OPENED] = {"OpenDate", false},
    [CLOSED] = {"CloseDate", false},
    [WEBSITE] = {"SchoolWebsite", false},
    [TELEPHONE] = {"TelephoneNum", false},
};

/* GIAS: 47 children's centre, 48 its linked site. Their numbers are a range of their own. */
static const char *namespace_of(const char *type_code)
{
    int type = number_of(type_code);

    return type == 47 || type == 48 ? "centre" : "school";
}

/* "" for code 0, "Does not apply": British schools overseas are no authority's. */
static const char *la_code(struct reading *r)
{
    const char *code = csv_file_cell(r->csv, LA_CODE);

    if (!is_digits(code, 1, 3)) {
        reading_mistake(r, LA_CODE, "is no code of an authority (three digits)");
        return NULL;
    }
    return number_of(code) == 0 ? "" : reading_scratch(r, "%03d", number_of(code));
}

static const char *outward(struct reading *r, const char *postcode)
{
    const char *space = postcode ? strchr(postcode, ' ') : NULL;

    return space ? reading_scratch(r, "%.*s", (int)(space - postcode), postcode) : NULL;
}

static int put_authority(struct reading *r, const char *code, const char *name, struct err *err)
{
    const char *values[] = {code, name};
    enum change change;

    if (code[0] == '\0' || !name)
        return 0;
    return registers_put(r->db, REGISTER_AUTHORITY, values, r->import_id, NULL, &change, NULL, err);
}

/* Names that the establishment's own row does not keep. */
struct names {
    const char *la, *status;
};

static int put_row(struct reading *r, const char *const *values, const struct names *names,
                   struct err *err)
{
    enum change change;
    int fresh = registers_seen_text(r->db, reading_scratch(r, "%s/%s", values[0], values[1]), err);

    if (fresh < 0)
        return -1;
    if (fresh == 0) {
        reading_mistake(r, URN, "stands in the file already");
        return 0;
    }
    if (reading_put(r, REGISTER_ESTABLISHMENT, values, NULL, &change, NULL, err) < 0 ||
        put_authority(r, values[2], names->la, err) < 0)
        return -1;
    return reading_tally(r, "status", number_of(values[6]), names->status, err) < 0
               ? -1
               : reading_tally(r, "type", number_of(values[4]), values[5], err);
}

int read_establishments(struct reading *r, struct err *err)
{
    int rc;

    r->sure_cells = SURE_CELLS;
    if (reading_open(r, columns, COLUMNS, err) < 0)
        return -1;
    while ((rc = reading_next(r, err)) == 1) {
        const char *type = reading_needed_number(r, TYPE_CODE, 1, 999);
        const char *postcode = reading_postcode(r, POSTCODE);
        const char *urn = reading_needed_urn(r, URN);
        const struct names names = {reading_text(r, LA_NAME, 80),
                                    reading_needed(r, STATUS_NAME, 80)};
        /* In the order of REGISTER_ESTABLISHMENT. */
        const char *const values[] = {namespace_of(type),
                                      urn,
                                      la_code(r),
                                      reading_needed(r, NAME, 160),
                                      type,
                                      reading_needed(r, TYPE_NAME, 80),
                                      reading_needed_number(r, STATUS_CODE, 1, 9),
                                      reading_number(r, PHASE_CODE, 0, 99),
                                      reading_number(r, LOW_AGE, 0, 99),
                                      reading_number(r, HIGH_AGE, 0, 99),
                                      reading_text(r, STREET, 200),
                                      reading_text(r, LOCALITY, 200),
                                      reading_text(r, TOWN, 100),
                                      postcode,
                                      outward(r, postcode),
                                      reading_day(r, OPENED),
                                      reading_day(r, CLOSED),
                                      reading_text(r, WEBSITE, 500),
                                      reading_text(r, TELEPHONE, 40)};

        if (!r->row_refused && put_row(r, values, &names, err) < 0)
            return -1;
    }
    return rc;
}
