#include "base/personal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

int personal_set(struct personal *p, const char *text, size_t length, struct err *err)
{
    char *copy = malloc(length + 1);

    if (!copy)
        return err_memory(err);
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    personal_release(p);
    p->hidden = copy;
    p->length = length;
    return 0;
}

int personal_set_text(struct personal *p, const char *text, struct err *err)
{
    if (!text) {
        personal_release(p);
        return 0;
    }
    return personal_set(p, text, strlen(text), err);
}

int personal_copy(struct personal *to, const struct personal *from, struct err *err)
{
    return from->hidden ? personal_set(to, from->hidden, from->length, err)
                        : personal_set_text(to, NULL, err);
}

const char *personal_reveal(const struct personal *p)
{
    return p && p->hidden ? p->hidden : "";
}

bool personal_is_set(const struct personal *p)
{
    return p && p->length > 0;
}

void personal_release(struct personal *p)
{
    if (!p)
        return;
    if (p->hidden) {
        personal_wipe(p->hidden, p->length);
        free(p->hidden);
    }
    p->hidden = NULL;
    p->length = 0;
}

void personal_wipe(void *bytes, size_t length)
{
    explicit_bzero(bytes, length);
}

void personal_keep_from_dumps(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
}
