-- Returns the state of the grant.
return standing()
