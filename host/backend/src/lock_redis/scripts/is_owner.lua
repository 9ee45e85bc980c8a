-- Says how the grant stands.
return standing()
