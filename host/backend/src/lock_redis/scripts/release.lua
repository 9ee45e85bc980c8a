-- Releases the names that the grant still holds, and no others. Returns its former state.
local found = standing()
give_up()
return found
