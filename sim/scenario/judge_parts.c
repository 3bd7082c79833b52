#include "judge_parts.h"

#include "rg/base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The end of what begins at text[i]: of a quoted text or of a bracket, else i + 1. Brackets nest in
 * the loop of the caller; here only texts are skipped. */
static size_t skip_text(const char *text, size_t i)
{
    if (text[i] != '"')
        return i + 1;
    for (i++; text[i] && text[i] != '"'; i++) {
        if (text[i] == '\\' && text[i + 1])
            i++;
    }
    return text[i] ? i + 1 : i;
}

static bool word_at(const char *text, size_t i, const char *word)
{
    size_t len = strlen(word);

    return strncmp(text + i, word, len) == 0 && (i == 0 || isspace((unsigned char)text[i - 1])) &&
           isspace((unsigned char)text[i + len]);
}

static bool comparison_at(const char *text, size_t i)
{
    if ((text[i] == '=' || text[i] == '!') && text[i + 1] == '=')
        return true;
    return (text[i] == '<' || text[i] == '>') && (i == 0 || text[i - 1] != '|');
}

static enum rg_status add(
    struct judge_parts *out, const char *program, size_t pipe, size_t from, size_t to)
{
    struct rg_str left = rg_str_trim((struct rg_str){program + from, to - from}, " \t\n");
    char *part;

    if (left.len == 0 || out->count == JUDGE_PARTS_MAX)
        return RG_OK;
    part = rg_calloc(pipe + left.len + 2, 1);
    if (!part)
        return RG_ENOMEM;
    memcpy(part, program, pipe);
    if (pipe && !isspace((unsigned char)left.ptr[0]))
        part[pipe++] = ' ';
    memcpy(part + pipe, left.ptr, left.len);
    out->parts[out->count++] = part;
    return RG_OK;
}

/* Behind the last pipe outside of brackets; 0: there is none. */
static size_t last_pipe(const char *program)
{
    size_t found = 0;
    int depth = 0;

    for (size_t i = 0; program[i]; i = skip_text(program, i)) {
        depth += strchr("([{", program[i]) != NULL;
        depth -= strchr(")]}", program[i]) != NULL;
        if (depth == 0 && program[i] == '|' && program[i + 1] != '=')
            found = i + 1;
    }
    return found;
}

enum rg_status judge_parts_find(const char *program, struct judge_parts *out)
{
    size_t pipe = last_pipe(program), from = pipe;
    enum rg_status st = RG_OK;
    bool compared = false;
    int depth = 0;

    out->count = 0;
    for (size_t i = pipe; program[i] && st == RG_OK; i = skip_text(program, i)) {
        depth += strchr("([{", program[i]) != NULL;
        depth -= strchr(")]}", program[i]) != NULL;
        if (depth > 0)
            continue;
        if (word_at(program, i, "and") || word_at(program, i, "or")) {
            from = i + (program[i] == 'a' ? 3 : 2);
            compared = false;
        } else if (!compared && comparison_at(program, i)) {
            st = add(out, program, pipe, from, i);
            compared = true;
        }
    }
    if (st == RG_OK && out->count == 0 && pipe > 1)
        st = add(out, program, 0, 0, pipe - 1);
    return st;
}

void judge_parts_finish(struct judge_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        free(parts->parts[i]);
    parts->count = 0;
}
