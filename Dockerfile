# dwcpd: node (serve) and guardian (guard).
#   docker build -t dwcpd .
# or, built, inspected, pushed and named by its digest:  Publish-DwcpImage . -Registry registry.example:5000/novacron
# The last stage has no shell, no package manager and no root user.
ARG BUILD_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG BASE_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled

FROM ${BUILD_IMAGE} AS build
WORKDIR /source
COPY global.json nuget.config Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src/ src/
COPY module/assets/ module/assets/
# For the machine that builds: linux-x64 or linux-arm64.
RUN dotnet publish src/NovaCron.Dwcp.Node --configuration Release --use-current-runtime --output /dwcpd \
    && rm -f /dwcpd/createdump /dwcpd/*.xml

FROM ${BASE_IMAGE}
COPY --from=build /dwcpd /usr/lib/dwcpd
ENV DOTNET_EnableDiagnostics=0
USER 65532:65532
EXPOSE 8080 8081 9090 7420/tcp 7420/udp
ENTRYPOINT ["/usr/lib/dwcpd/dwcpd"]
CMD ["serve"]
