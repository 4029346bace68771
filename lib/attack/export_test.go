package attack

// Near and BytesOf serve tests outside of the package, which may link networks.
var (
	Near    = near
	BytesOf = bytesOf
)
