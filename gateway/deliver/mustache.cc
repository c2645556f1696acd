/* The only C++ here. No exception leaves this file. */
#include <algorithm>
#include <exception>
#include <kainjow/mustache.hpp>
#include <new>
#include <string>

/* The headers of C are C's: their names are not mangled. */
extern "C" {
#include "base/buf.h"
#include "base/err.h"
}
#include "deliver/mustache.h"

struct mustache {
    kainjow::mustache::mustache parsed;
};

struct mustache_values {
    kainjow::mustache::data all;
};

namespace
{

kainjow::mustache::data value_of(const cJSON *json)
{
    if (cJSON_IsObject(json)) {
        kainjow::mustache::data object{kainjow::mustache::data::type::object};

        for (const cJSON *member = json->child; member; member = member->next)
            object.set(member->string, value_of(member));
        return object;
    }
    if (cJSON_IsArray(json)) {
        kainjow::mustache::data list{kainjow::mustache::data::type::list};

        for (const cJSON *item = json->child; item; item = item->next)
            list.push_back(value_of(item));
        return list;
    }
    if (cJSON_IsString(json))
        return kainjow::mustache::data{std::string{json->valuestring}};
    if (cJSON_IsNumber(json))
        return kainjow::mustache::data{std::to_string(static_cast<long long>(json->valuedouble))};
    return kainjow::mustache::data{static_cast<bool>(cJSON_IsTrue(json))};
}

/* kainjow leaves an empty line behind where a section that is not shown stood on lines of its own,
 * and drops one that is meant. So it sees no line ends: those of the template are marked, and a line
 * that holds nothing but section tags and comments has none (Mustache's rule of standalone tags). */
constexpr char line_end = '\x1e';

bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The tags of a line that holds nothing else, and at least one; else "". */
std::string tags_alone(const std::string &line)
{
    std::string tags;
    size_t at = 0;

    for (;;) {
        while (at < line.size() && is_blank(line[at]))
            at++;
        if (at == line.size())
            return tags;
        const size_t end = line.find("}}", at);
        if (line.compare(at, 2, "{{") != 0 || end == std::string::npos || at + 2 == end ||
            std::string{"#^/!"}.find(line[at + 2]) == std::string::npos)
            return {};
        tags += line.substr(at, end + 2 - at);
        at = end + 2;
    }
}

std::string mark_lines(const std::string &text)
{
    std::string out;

    for (size_t at = 0; at < text.size();) {
        const size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end == std::string::npos ? end : end - at);
        const std::string tags = tags_alone(line);

        out += tags.empty() ? line : tags;
        if (tags.empty() && end != std::string::npos)
            out += line_end;
        at = end == std::string::npos ? text.size() : end + 1;
    }
    return out;
}

std::string unescaped(const std::string &value)
{
    return value;
}

} // namespace

int mustache_new(const char *text, bool html, struct mustache **out, struct err *err)
{
    try {
        auto *m = new mustache{kainjow::mustache::mustache{mark_lines(text)}};

        if (!m->parsed.is_valid()) {
            err_set(err, ERR_INVALID, "%s", m->parsed.error_message().c_str());
            delete m;
            return -1;
        }
        if (!html)
            m->parsed.set_custom_escape(unescaped);
        *out = m;
        return 0;
    } catch (const std::bad_alloc &) {
        return err_memory(err);
    } catch (const std::exception &) {
        return err_set(err, ERR_INVALID, "the template cannot be parsed");
    }
}

void mustache_free(struct mustache *m)
{
    delete m;
}

int mustache_values_new(const cJSON *json, struct mustache_values **out, struct err *err)
{
    try {
        *out = new mustache_values{value_of(json)};
        return 0;
    } catch (const std::exception &) {
        return err_memory(err);
    }
}

int mustache_values_add(struct mustache_values *values, const char *name, const char *text,
                        struct err *err)
{
    try {
        values->all.set(name, std::string{text});
        return 0;
    } catch (const std::exception &) {
        return err_memory(err);
    }
}

void mustache_values_free(struct mustache_values *values)
{
    delete values;
}

int mustache_render(struct mustache *m, const struct mustache_values *values, struct buf *out,
                    struct err *err)
{
    try {
        std::string text = m->parsed.render(values->all);

        if (!m->parsed.is_valid())
            return err_set(err, ERR_INVALID, "%s", m->parsed.error_message().c_str());
        std::replace(text.begin(), text.end(), line_end, '\n');
        buf_add(out, text.data(), text.size());
        return buf_check(out, err);
    } catch (const std::bad_alloc &) {
        return err_memory(err);
    } catch (const std::exception &) {
        return err_set(err, ERR_INVALID, "the template cannot be rendered");
    }
}
