"""The operations of Step Functions' API, by what they are about; `StatesService` puts them together."""
