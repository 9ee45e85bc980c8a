-- Gives up what the grant still holds, and nothing of anyone else. Says how it stood.
local found = standing()
give_up()
return found
