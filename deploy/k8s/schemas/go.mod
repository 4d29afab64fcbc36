// Where the tests get the schemas that manifests are held to: the API of Kubernetes, of KEDA and of the Gateway API, and the
// Compose Specification, as their own repositories have them. Nothing here is compiled; `go mod download` fetches each by itself, checked by go.sum.
module agentspan.invalid/schemas

go 1.24

require (
	github.com/compose-spec/compose-go/v2 v2.16.2
	github.com/kedacore/keda/v2 v2.21.0
	k8s.io/kubernetes v1.34.4
	sigs.k8s.io/gateway-api v1.6.3
)
