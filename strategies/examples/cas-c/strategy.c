// Compare-and-swap: one conditional UPDATE, so no other worker can come between. One that finds another status
// looks again. What a strategy promises is in wit/state-change.wit.

#include "state_strategy.h"

typedef contend_strategy_db_borrow_statement_t statement_t;
typedef contend_strategy_types_error_t error_t;
typedef contend_strategy_types_value_t value_t;
typedef exports_contend_strategy_state_change_transition_t transition_t;

#define SQL "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?"

static value_t text(state_strategy_string_t text) {
    return (value_t){.tag = CONTEND_STRATEGY_TYPES_VALUE_TEXT, .val.text = text};
}

// CHANGE THIS: make the transition, and say how many rows were changed: 1, if it was made. False is
// for an error of the call.
static bool attempt(statement_t swap, transition_t *t, uint64_t *changed, error_t *error) {
    value_t values[] = {text(t->to), text(t->marker), text(t->row), text(t->from)};
    contend_strategy_db_list_value_t params = {values, sizeof values / sizeof *values};
    return contend_strategy_db_method_statement_execute(swap, &params, changed, error);
}

// Each worker has an instance of its own, which keeps its session and its statement for the whole run.
static bool prepare(statement_t *swap, error_t *error) {
    static contend_strategy_db_own_session_t session;
    static contend_strategy_db_own_statement_t prepared;
    contend_strategy_db_target_t endpoint = {.tag = CONTEND_STRATEGY_DB_TARGET_ENDPOINT};
    state_strategy_string_t sql;
    state_strategy_string_set(&sql, SQL);
    if (!session.__handle && !contend_strategy_db_connect(&endpoint, &session, error))
        return false;
    if (!prepared.__handle
        && !contend_strategy_db_method_session_prepare(
            contend_strategy_db_borrow_session(session), &sql, &prepared, error))
        return false;
    *swap = contend_strategy_db_borrow_statement(prepared);
    return true;
}

bool exports_contend_strategy_state_change_change(transition_t *transition, error_t *error) {
    bool ok, again;
    do {
        statement_t swap;
        uint64_t changed;
        ok = prepare(&swap, error) && attempt(swap, transition, &changed, error);
        // Another status, or an error that certainly had no effect: try again in 10 ms. Any other error
        // would come again; or it may have happened, and must not be done twice.
        again = ok ? changed != 1 : error->tag == CONTEND_STRATEGY_TYPES_ERROR_CONFLICT;
        if (again && !ok)
            contend_strategy_types_error_free(error);
        if (again)
            contend_strategy_timing_sleep(10000000);
    } while (again);
    exports_contend_strategy_state_change_transition_free(transition);
    return ok;
}
